import { parsers, readSettings, type Settings, type SettingSources, type SettingsTable } from './runtime/index.js';

const { choice, duration, integer, string, url } = parsers;

/** Everything about the operator that can be set: `OPTIPOD_…` in the environment, or a flag. */
export const OPERATOR_SETTINGS = {
  namespace: { parser: string, description: "The operator's own namespace. Default: that of its service account." },
  prometheusUrl: {
    parser: url(),
    description: 'Where Prometheus answers. Without it the provider prometheus is not there.',
  },
  prometheusStep: { parser: duration, default: '1m', description: 'Time between two samples of usage.' },
  prometheusRateWindow: {
    parser: duration,
    default: '5m',
    description: 'Span over which CPU rates are taken; at least four times the scrape interval, or rates have gaps.',
  },
  prometheusSettle: {
    parser: duration,
    default: '1m',
    description: 'How late a scraped sample may arrive: usage is looked at up to this long ago.',
  },
  prometheusTimeout: { parser: duration, default: '10s', description: 'How long one query may take.' },
  minSamples: {
    parser: integer({ min: 1, max: 100_000 }),
    default: '10',
    description: 'Distinct instants of usage there must be before anything is recommended.',
  },
  healthPort: {
    parser: integer({ min: 0, max: 65_535 }),
    default: '8080',
    description: 'Port of /healthz, /readyz and /metrics.',
  },
  logLevel: {
    parser: choice('trace', 'debug', 'info', 'warn', 'error'),
    default: 'info',
    description: 'The least severe lines that are logged.',
  },
} as const satisfies SettingsTable;

export type OperatorSettings = Settings<typeof OPERATOR_SETTINGS>;

/** @throws Error naming the setting that is wrong. */
export function operatorSettings(sources: SettingSources): OperatorSettings {
  return readSettings(OPERATOR_SETTINGS, { ...sources, prefix: 'OPTIPOD_' });
}
