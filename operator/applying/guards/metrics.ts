import { Counter, Gauge, type Registry } from 'prom-client';

/** What became of those who asked to replace pods. */
export interface GuardMetrics {
  readonly disruptions: Counter<'through'>;
  readonly refusals: Counter<'reason'>;
}

/** @param isOpen whether the circuit breaker is, whenever the metrics are asked for */
export function guardMetrics(registry: Registry, isOpen: () => boolean): GuardMetrics {
  const registers = [registry];
  new Gauge({
    name: 'optipod_disruption_breaker_open',
    help: 'Whether no pods are replaced because too many workloads regressed: 1, else 0.',
    registers,
    collect() {
      this.set(isOpen() ? 1 : 0);
    },
  });
  return {
    disruptions: new Counter({
      name: 'optipod_disruptions_total',
      help: 'Leaves given to replace pods, by where the new ones get their resources from: webhook or template.',
      labelNames: ['through'],
      registers,
    }),
    refusals: new Counter({
      name: 'optipod_disruption_refusals_total',
      help: 'Times that pods were not to be replaced, by reason.',
      labelNames: ['reason'],
      registers,
    }),
  };
}
