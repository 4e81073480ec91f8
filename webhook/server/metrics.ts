import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the admission app counts. */
export interface WebhookMetrics {
  /** A request has come. @returns what to call with the HTTP status code of its answer */
  started(webhook: string): (code: number) => void;
  /** A handler has thrown, or has not decided in its time. */
  failed(webhook: string, cause: 'error' | 'timeout'): void;
}

/** Under controller-runtime's names, so that its dashboards show them. */
export function webhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry];
  const latency = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Time to process an admission request.',
    labelNames: ['webhook'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const total = new Counter({
    name: 'controller_runtime_webhook_requests_total',
    help: 'Admission requests by HTTP status code.',
    labelNames: ['webhook', 'code'],
    registers,
  });
  const inFlight = new Gauge({
    name: 'controller_runtime_webhook_requests_in_flight',
    help: 'Admission requests being served.',
    labelNames: ['webhook'],
    registers,
  });
  const panics = new Counter({
    name: 'controller_runtime_webhook_panics_total',
    help: 'Admission requests for which a handler threw.',
    registers,
  });
  // controller-runtime has no name for it: there an error is an answer like any other.
  const failures = new Counter({
    name: 'admission_review_failures_total',
    help: 'Admission requests that were answered without a decision of their handler, by why: error or timeout.',
    labelNames: ['webhook', 'cause'],
    registers,
  });
  return {
    started(webhook) {
      const stop = latency.startTimer({ webhook });
      inFlight.inc({ webhook });
      return (code) => {
        stop();
        inFlight.dec({ webhook });
        total.inc({ webhook, code });
      };
    },
    failed(webhook, cause) {
      failures.inc({ webhook, cause });
      if (cause === 'error') panics.inc();
    },
  };
}
