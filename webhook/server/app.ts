import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { answer, readReview, type AdmissionDecision, type AdmissionRequest } from './review.js';

/** Two objects of kube-apiserver's largest request, 3 MiB each, and the review around them. */
const LARGEST_BODY = 7 * 2 ** 20;

/** With parameters or without. */
const JSON_TYPE = /^application\/json\s*(;|$)/i;

export interface AdmissionHandler {
  readonly path: `/${string}`;
  /** Decides from memory, in milliseconds. */
  review(request: AdmissionRequest): AdmissionDecision | Promise<AdmissionDecision>;
  /** The decision where `review` throws: what went wrong inside must not be the author's trouble. */
  readonly onError: AdmissionDecision;
}

/** The admission handlers as a Hono app: an AdmissionReview in, the same one with a response out; 4xx for whatever is none. */
export function admissionApp(
  handlers: readonly AdmissionHandler[],
  { log, metrics }: { readonly log: Logger; readonly metrics: Registry },
): Hono<{ Bindings: Partial<HttpBindings> }> {
  const observe = webhookMetrics(metrics);
  const app = new Hono<{ Bindings: Partial<HttpBindings> }>();
  for (const handler of handlers) {
    app.post(handler.path, async (context) => {
      const done = observe(handler.path);
      const refuse = (status: 400 | 411 | 413 | 415, message: string) => {
        done(status);
        return context.text(`${message}\n`, status);
      };
      // Read from the headers: hono's own body limit costs as much as the rest of a review.
      const length = context.req.header('content-length');
      if (length === undefined) return refuse(411, 'content-length is required');
      if (!(Number(length) <= LARGEST_BODY)) return refuse(413, `the body may have at most ${LARGEST_BODY} bytes`);
      if (!JSON_TYPE.test(context.req.header('content-type') ?? '')) {
        return refuse(415, 'the content type must be application/json');
      }
      let body: unknown;
      try {
        body = await context.req.json();
      } catch {
        return refuse(400, 'the body is not JSON');
      }
      const request = readReview(body);
      if (!request) return refuse(400, 'the body is not an AdmissionReview of admission.k8s.io/v1 with a request');
      const decision = await decide(handler, request, log);
      done(200);
      return context.json(answer(request.uid, decision));
    });
  }
  return app;
}

async function decide(handler: AdmissionHandler, request: AdmissionRequest, log: Logger): Promise<AdmissionDecision> {
  try {
    return await handler.review(request);
  } catch (error) {
    log.error({ err: error, path: handler.path, uid: request.uid, namespace: request.namespace }, 'review failed');
    return handler.onError;
  }
}

/** Metrics under controller-runtime's names, so that its dashboards show them. */
function webhookMetrics(registry: Registry): (webhook: string) => (code: number) => void {
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
  return (webhook) => {
    const stop = latency.startTimer({ webhook });
    inFlight.inc({ webhook });
    return (code) => {
      stop();
      inFlight.dec({ webhook });
      total.inc({ webhook, code });
    };
  };
}
