import pino from 'pino';
import type { NamedWorkload } from 'optipod/lib/usage';
import { ProviderError } from '../../../operator/metrics/provider.js';
import type { MetricsProvider, ReadRequest, UsageSink } from '../../../operator/metrics/reading.js';
import { createMetrics } from '../../../operator/runtime/index.js';
import { createUsageCollector, type UsageCollectorOptions } from '../../../operator/usage/collector.js';
import { UsageHistory } from '../../../operator/usage/history.js';
import type { KeptUsage } from '../../../operator/usage/keeping.js';
import { fakeClock } from '../runtime/fake-clock.js';

/** A full hour, in seconds since 1970. */
export const START = 1_790_000_000 - (1_790_000_000 % 3600);
export const DAY = 86_400;

/** One sample of one pod of the Deployment shop/web. */
export interface Reading {
  readonly at: number;
  readonly pod: string;
  readonly cpu?: number;
  readonly memory?: number;
}

export const WEB: NamedWorkload = { kind: 'Deployment', name: 'web' };
export const WEB_CONTAINER = { namespace: 'shop', kind: 'Deployment', workload: 'web', container: 'app' } as const;
export const PODS = ['web-7d4b9c6f5d-x2k9z', 'web-7d4b9c6f5d-b4dfg'] as const;

/** Readings of both pods, one a minute from the start on, until a minute. */
export function readings(untilMinute: number, pods: readonly string[] = PODS): Reading[] {
  return Array.from({ length: untilMinute }, (_, i) =>
    pods.map((pod, p) => ({
      at: START + (i + 1) * 60,
      pod,
      cpu: (1 + p) * (0.1 + ((i * 7919) % 89) / 400),
      memory: 4096 * (1000 + ((i * 31) % 700) + p),
    })),
  ).flat();
}

export const REFUSED = new ProviderError('ProviderRefused', 'the provider answered 422: too much');

/** Hands over recorded readings, as a metrics backend would have them. */
export class FakeProvider implements MetricsProvider {
  readonly name = 'custom';
  readonly intervalMs = 60_000;
  readonly looksBack: boolean;
  readonly requests: ReadRequest[] = [];
  /** What the next readings throw. */
  broken: unknown;
  /** Which readings it refuses. */
  refuses: (request: ReadRequest) => boolean = () => false;
  /** What is there to be read. */
  readings: readonly Reading[];
  /** Does what it likes before it reads. */
  before: (sink: UsageSink) => Promise<void> | void = () => undefined;

  constructor(list: readonly Reading[], looksBack = true) {
    this.readings = list;
    this.looksBack = looksBack;
  }

  settled(now: number): number {
    return Math.floor(now / 60_000) * 60;
  }

  async read(request: ReadRequest, sink: UsageSink, signal: AbortSignal): Promise<void> {
    this.requests.push(request);
    await this.before(sink);
    signal.throwIfAborted();
    if (this.broken !== undefined) throw this.broken as Error;
    if (this.refuses(request)) throw REFUSED;
    for (const { at, pod, cpu, memory } of this.readings) {
      if (at <= request.from || at > request.to) continue;
      const of = { namespace: 'shop', pod, container: 'app' };
      if (cpu !== undefined) sink.samples({ ...of, metric: 'cpu' }, { instants: [at], values: [cpu] });
      if (memory !== undefined) sink.samples({ ...of, metric: 'memory' }, { instants: [at], values: [memory] });
    }
  }
}

/** A collector under a clock that moves when the test says so. */
export function world(
  provider: MetricsProvider,
  options: Partial<UsageCollectorOptions> & { startMinute?: number } = {},
) {
  const clock = fakeClock();
  const wall = { offsetMs: (START + (options.startMinute ?? 0) * 60) * 1000 };
  const demand = new Map([['shop', DAY * 1000]]);
  const kept: KeptUsage[] = [];
  const workloads: NamedWorkload[] = [WEB];
  const history = new UsageHistory({ workloads: () => workloads, peakWindow: 14 * DAY });
  const collector = createUsageCollector({
    provider,
    history,
    demand: () => new Map(Array.from(demand, ([namespace, window]) => [namespace, [window]])),
    peakWindowMs: 14 * DAY * 1000,
    keep: provider.looksBack ? undefined : (usage) => kept.push(usage),
    clock,
    now: () => wall.offsetMs + clock.now(),
    ...options,
  });
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  return {
    clock,
    collector,
    history,
    demand,
    kept,
    workloads,
    wall,
    /** Lets everything happen that can without time passing. */
    settle,
    start: async () => {
      running = collector.run(stop.signal, { log: pino({ level: 'silent' }), metrics: createMetrics() });
      await settle();
    },
    minutes: async (count: number) => {
      for (let i = 0; i < count; i += 1) {
        clock.advance(60_000);
        await settle();
      }
    },
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Lets everything happen that can without time passing. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
