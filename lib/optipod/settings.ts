import { ADMISSION_SETTINGS, CONTROLLERS_SETTINGS, parsers, type SettingsTable } from '../kube/index.js';
import { POLICY_SCOPES } from '../policy/index.js';

const { boolean, choice, duration, integer, url } = parsers;

/** Before the name of every environment variable: `logLevel` is `OPTIPOD_LOG_LEVEL`. */
export const SETTINGS_PREFIX = 'OPTIPOD_';

/** Everything about the operator that can be set. */
export const OPERATOR_SETTINGS = {
  ...CONTROLLERS_SETTINGS,
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
  policyScope: {
    parser: choice(...POLICY_SCOPES),
    default: 'Cluster',
    description: 'Namespace keeps every policy to its own namespace; the webhook must be told the same.',
  },
  inPlaceResize: {
    parser: boolean,
    default: 'true',
    description:
      'Whether policies may have running pods resized in place; the rights for it are given at installation.',
  },
  recreate: {
    parser: boolean,
    default: 'true',
    description: 'Whether policies may have pods evicted; the rights for it are given at installation.',
  },
  memoryPeakWindow: {
    parser: duration,
    default: '14d',
    description:
      'How long the highest working set of each day, and what a container was OOM-killed at, keep memory from going below; ' +
      'where a rollingWindow is longer, that long.',
  },
} as const satisfies SettingsTable;

/** Everything about the webhook that can be set. */
export const WEBHOOK_SETTINGS = {
  ...ADMISSION_SETTINGS,
  policyScope: {
    parser: choice(...POLICY_SCOPES),
    default: 'Cluster',
    description: 'Namespace keeps every policy to its own namespace; the operator must be told the same.',
  },
  checkAuthors: {
    parser: boolean,
    default: 'true',
    description:
      'Whether a policy is refused whose author may not patch workloads everywhere it could reach. ' +
      'Without it, who may write a policy may have every workload changed.',
  },
} as const satisfies SettingsTable;
