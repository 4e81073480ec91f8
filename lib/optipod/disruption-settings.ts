import { parsers, type SettingsTable } from '../kube/index.js';

const { boolean, duration, durationAtLeast, integer, share } = parsers;

const perHour = integer({ min: 0, max: 100_000 });

/** How much applying may disturb, and what becomes of what went wrong. */
export const DISRUPTION_SETTINGS = {
  dryRun: {
    parser: boolean,
    default: 'false',
    description: 'Whether policies in mode Auto only recommend, and tell what they would do.',
  },
  disruptSingleReplica: {
    parser: boolean,
    default: 'false',
    description: 'Whether the only pod of a workload may be replaced: until the new one is ready, there may be none.',
  },
  disruptionCooldown: {
    parser: duration,
    // As long as a change is watched: the next one waits for what becomes of this one.
    default: '30m',
    description: 'Time from one change that replaced pods of a workload to the next.',
  },
  policyDisruptionsPerHour: {
    parser: perHour,
    // Half of the cluster's, so that no policy has it for itself.
    default: '30',
    description: 'Restarts of workloads and evictions of pods under one policy; 0 forbids them.',
  },
  namespaceDisruptionsPerHour: {
    parser: perHour,
    default: '30',
    description: 'Restarts of workloads and evictions of pods in one namespace; 0 forbids them.',
  },
  clusterDisruptionsPerHour: {
    parser: perHour,
    // One a minute: 1,000 workloads within a day, and seldom more than a few at the same time.
    default: '60',
    description:
      'Restarts of workloads and evictions of pods in the whole cluster; 0 forbids them. A sixth of it may come at once.',
  },
  webhookRetry: {
    parser: durationAtLeast('100ms'),
    // A webhook that is down is seldom back within seconds, and each try is a pod that passes all of admission.
    default: '1m',
    description:
      'How soon a webhook that was not seen to mutate a pod of a workload is asked again. ' +
      'Until then no pods of it are replaced that are to get their resources from it.',
  },
  disruptionBreakerShare: {
    parser: share(),
    default: '10%',
    description:
      'Share of the workloads changed lately that may regress before no pods are replaced any more; ' +
      'three must have regressed in any case.',
  },
  disruptionBreakerWindow: {
    parser: duration,
    // Twice as long as a change is watched.
    default: '1h',
    description: 'What lately means, and for how long such regressions stop everybody.',
  },
  regressionWindow: {
    parser: duration,
    // A crash loop is plain after minutes; caches, heaps and connections take longer to grow.
    default: '30m',
    description:
      'How long a pod is watched after it got other resources: what goes wrong in it until then is blamed on them.',
  },
  regressionHoldoff: {
    parser: duration,
    // Long enough for somebody to look on a working day; the next try is another recommendation by then.
    default: '6h',
    description: 'How long nothing is applied to a workload that went back to what it had.',
  },
} as const satisfies SettingsTable;
