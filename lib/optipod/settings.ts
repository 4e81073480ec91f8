import { ADMISSION_SETTINGS, CONTROLLERS_SETTINGS, parsers, type SettingsTable } from '../kube/index.js';
import { POLICY_SCOPES } from '../policy/index.js';
import { DISRUPTION_SETTINGS } from './disruption-settings.js';
import { METRICS_SETTINGS } from './metrics-settings.js';
import { prometheusUrl } from './prometheus-settings.js';

const { boolean, choice, duration, durationAtLeast, integer, share } = parsers;

/** Before the name of every environment variable: `logLevel` is `OPTIPOD_LOG_LEVEL`. */
export const SETTINGS_PREFIX = 'OPTIPOD_';

/** Everything about the operator that can be set. */
export const OPERATOR_SETTINGS = {
  ...CONTROLLERS_SETTINGS,
  prometheusUrl: {
    parser: prometheusUrl,
    description: 'Where Prometheus answers. Without it the provider prometheus is not there.',
  },
  // Samples have whole seconds, and the windows of rates are asked for in them.
  prometheusStep: { parser: durationAtLeast('1s'), default: '1m', description: 'Time between two samples of usage.' },
  prometheusRateWindow: {
    parser: durationAtLeast('1s'),
    default: '5m',
    description: 'Span over which CPU rates are taken; at least four times the scrape interval, or rates have gaps.',
  },
  prometheusSettle: {
    parser: duration,
    default: '1m',
    description: 'How late a scraped sample may arrive: usage is looked at up to this long ago.',
  },
  prometheusTimeout: { parser: durationAtLeast('100ms'), default: '10s', description: 'How long one query may take.' },
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
  memoryHeadroom: {
    parser: share({ max: 10 }),
    // What the VPA and KRR both put on top of memory peaks, so that neither is safer.
    default: '15%',
    description:
      'How far memory stays above the most that a container was seen to use, or was OOM-killed at. ' +
      'More costs memory, less risks the next peak.',
  },
  memoryPeakWindow: {
    parser: duration,
    default: '14d',
    description:
      'How long peaks of memory and OOM kills are remembered; never shorter than the rollingWindow of a policy. ' +
      'A peak that comes once a month is forgotten in between.',
  },
  minChange: {
    parser: share(),
    default: '5%',
    description: 'A change of less than this share of the current value is not made: it restarts and writes nothing.',
  },
  staleAfter: {
    // All usage is of the past: with none at all, everything would be too old.
    parser: durationAtLeast('1s'),
    // What the percentiles of a day hardly notice missing; a node or a scrape that is away for longer is no hiccup.
    default: '1h',
    description: 'How old the last usage of a container may be for anything to be recommended from it.',
  },
  conflictHoldoff: {
    parser: duration,
    // Long enough for somebody to read of it on the same day, and to be over on the next.
    default: '6h',
    description:
      'How long nothing is applied to a workload whose template somebody took back twice within an hour. ' +
      'An edit of the policy, or of anything in the template but CPU and memory, ends it earlier. ' +
      'So long, too, annotations are left that OptiPod removed and somebody put back twice within an hour.',
  },
  ...DISRUPTION_SETTINGS,
  ...METRICS_SETTINGS,
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
