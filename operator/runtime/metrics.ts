import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics, exponentialBuckets } from 'prom-client';

/**
 * Every metric of the runtime. The names and labels of client-go and controller-runtime are kept verbatim, so that the
 * dashboards made for those work; durations are in seconds.
 */
export interface RuntimeMetrics {
  readonly registry: Registry;
  readonly restClientRequests: Counter<'code' | 'method' | 'host'>;
  readonly restClientRequestDuration: Histogram<'verb' | 'host'>;
  readonly restClientRetries: Counter<'code' | 'verb' | 'host'>;
  readonly reflectorLists: Counter<'resource'>;
  readonly reflectorWatches: Counter<'resource'>;
  readonly reflectorRelists: Counter<'resource' | 'reason'>;
  readonly reflectorEvents: Counter<'resource' | 'type'>;
  readonly informerErrors: Counter<'resource' | 'stage'>;
  readonly queueAdds: Counter<'name'>;
  readonly queueRetries: Counter<'name'>;
  readonly queueDuration: Histogram<'name'>;
  readonly workDuration: Histogram<'name'>;
  readonly reconciles: Counter<'controller' | 'result'>;
  readonly reconcileErrors: Counter<'controller'>;
  readonly terminalReconcileErrors: Counter<'controller'>;
  readonly reconcileTimeouts: Counter<'controller'>;
  readonly reconcileTime: Histogram<'controller'>;
  readonly maxConcurrentReconciles: Gauge<'controller'>;
  readonly activeWorkers: Gauge<'controller'>;
  readonly leaderStatus: Gauge<'name'>;
  readonly leaderSlowpath: Counter<'name'>;
  readonly events: Counter<'result'>;
  /** Has a queue looked at whenever the metrics are asked for. */
  observeQueue(name: string, queue: ObservedQueue): void;
}

export interface ObservedQueue {
  /** Keys that wait for a worker. */
  depth(): number;
  /** How long each key under work has been so far. */
  workSeconds(): readonly number[];
}

// 100 µs to 1000 s: a key may wait out a whole backoff.
const QUEUE_BUCKETS = exponentialBuckets(0.0001, 10, 8);
const REQUEST_BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 4, 8, 15, 30];
const RECONCILE_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * The runtime's metrics in a registry of their own: a process may hold several managers, and prom-client's global registry
 * refuses a second metric of one name.
 */
export function createMetrics(registry: Registry = new Registry()): RuntimeMetrics {
  const registers = [registry];
  const queues = new Map<string, ObservedQueue>();
  new Gauge({
    name: 'workqueue_depth',
    help: 'Keys that wait for a worker.',
    labelNames: ['name'],
    registers,
    collect() {
      for (const [name, queue] of queues) this.set({ name }, queue.depth());
    },
  });
  new Gauge({
    name: 'workqueue_unfinished_work_seconds',
    help: 'How long the keys under work have been so far, in all; what grows steadily is stuck.',
    labelNames: ['name'],
    registers,
    collect() {
      for (const [name, queue] of queues) {
        const sum = queue.workSeconds().reduce((total, each) => total + each, 0);
        this.set({ name }, sum);
      }
    },
  });
  new Gauge({
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How long the key that has been under work longest has been so far.',
    labelNames: ['name'],
    registers,
    collect() {
      for (const [name, queue] of queues) this.set({ name }, Math.max(0, ...queue.workSeconds()));
    },
  });
  return {
    registry,
    observeQueue: (name, queue) => void queues.set(name, queue),
    restClientRequests: new Counter({
      name: 'rest_client_requests_total',
      help: 'HTTP requests to kube-apiserver, by status code (<error> where there was no answer), method and host.',
      labelNames: ['code', 'method', 'host'],
      registers,
    }),
    restClientRequestDuration: new Histogram({
      name: 'rest_client_request_duration_seconds',
      help: 'Time until the answer of kube-apiserver was read; of a watch, until it began.',
      labelNames: ['verb', 'host'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    restClientRetries: new Counter({
      name: 'rest_client_request_retries_total',
      help: 'Requests that were made again, by the status code (<error> where there was no answer) that was the reason.',
      labelNames: ['code', 'verb', 'host'],
      registers,
    }),
    reflectorLists: new Counter({
      name: 'reflector_lists_total',
      help: 'Complete lists of a resource.',
      labelNames: ['resource'],
      registers,
    }),
    reflectorWatches: new Counter({
      name: 'reflector_watches_total',
      help: 'Watches of a resource that were started.',
      labelNames: ['resource'],
      registers,
    }),
    reflectorRelists: new Counter({
      name: 'reflector_relists_total',
      help: 'Times that a watch could not go on from where it was, by reason.',
      labelNames: ['resource', 'reason'],
      registers,
    }),
    reflectorEvents: new Counter({
      name: 'reflector_events_total',
      help: 'Watch events received.',
      labelNames: ['resource', 'type'],
      registers,
    }),
    informerErrors: new Counter({
      name: 'informer_errors_total',
      help: 'Errors thrown by projections and event handlers of an informer.',
      labelNames: ['resource', 'stage'],
      registers,
    }),
    queueAdds: new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys added; one that already waited does not count.',
      labelNames: ['name'],
      registers,
    }),
    queueRetries: new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys added again because work on them failed.',
      labelNames: ['name'],
      registers,
    }),
    queueDuration: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waited for a worker.',
      labelNames: ['name'],
      buckets: QUEUE_BUCKETS,
      registers,
    }),
    workDuration: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long work on a key took.',
      labelNames: ['name'],
      buckets: QUEUE_BUCKETS,
      registers,
    }),
    reconciles: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciliations by result: success, requeue_after or error.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    reconcileErrors: new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciliations that failed.',
      labelNames: ['controller'],
      registers,
    }),
    terminalReconcileErrors: new Counter({
      name: 'controller_runtime_terminal_reconcile_errors_total',
      help: 'Reconciliations that failed with an error that trying again cannot help.',
      labelNames: ['controller'],
      registers,
    }),
    reconcileTimeouts: new Counter({
      name: 'controller_runtime_reconcile_timeouts_total',
      help: 'Reconciliations whose time was up.',
      labelNames: ['controller'],
      registers,
    }),
    reconcileTime: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long a reconciliation took.',
      labelNames: ['controller'],
      buckets: RECONCILE_BUCKETS,
      registers,
    }),
    maxConcurrentReconciles: new Gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Workers of a controller.',
      labelNames: ['controller'],
      registers,
    }),
    activeWorkers: new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Workers of a controller that are busy.',
      labelNames: ['controller'],
      registers,
    }),
    leaderStatus: new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this process leads by the lease of that name: 1, or 0 where it stands by.',
      labelNames: ['name'],
      registers,
    }),
    leaderSlowpath: new Counter({
      name: 'leader_election_slowpath_total',
      help: 'Renewals that had to look at the lease first, since it was not as the leader knew it.',
      labelNames: ['name'],
      registers,
    }),
    events: new Counter({
      name: 'event_recorder_events_total',
      help: 'Events by what became of them: created, patched (seen again), or dropped.',
      labelNames: ['result'],
      registers,
    }),
  };
}

/**
 * A gauge of an instant, in seconds since 1970. It is not there before it is known: prom-client's begin with 0, which is an
 * instant, too, and one long past.
 */
export function instantGauge(registry: Registry, name: string, help: string): (instant: Date) => void {
  const gauge = new Gauge({ name, help, registers: [registry] });
  gauge.remove();
  return (instant) => gauge.set(instant.getTime() / 1000);
}

/** Adds what Prometheus' clients say of a process: CPU time, memory, the event loop's lag, garbage collection. */
export function measureProcess({ registry }: RuntimeMetrics): void {
  collectDefaultMetrics({ register: registry });
}
