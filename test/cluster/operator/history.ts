import type { ContainerUsage } from '../../support/usage-history.js';
import { FAULTY_ANSWERS } from './faults.js';

export const MIB = 2 ** 20;

/** Steady usage: with the factor 1.2 it is 240m and 240Mi. */
const STEADY = { cpu: 0.2, memory: 200 * MIB };

/** One pod of a Deployment, as its ReplicaSet names it. */
export function podOf(deployment: string, replicaSet = '7d4b9c6f5d', pod = 'x2k9z'): string {
  return `${deployment}-${replicaSet}-${pod}`;
}

function steady(namespace: string, deployment: string, container = 'app'): ContainerUsage {
  return { namespace, pod: podOf(deployment), container, ...STEADY };
}

/** Names that need `optipod.io/resources`: no key of their own would fit. */
export const LONG_NAME = 'a-container-whose-name-is-as-long-as-kubernetes-lets-it-be-63ch';

/** What the containers of this folder's workloads used, whether or not the workloads are there yet. */
export const history: readonly ContainerUsage[] = [
  ...['web', 'busy', 'kept'].map((name) => steady('shop', name)),
  steady('shop', 'renamed', 'before'),
  steady('shop', 'renamed'),
  steady('shop', 'long', LONG_NAME),
  steady('shop', 'long'),
  // Everything a cAdvisor has to say that is not the container's usage.
  { ...steady('shop', 'noisy'), restarted: true, memory: [200 * MIB, Number.NaN] },
  { ...steady('shop', 'noisy'), job: 'another', restarted: true },
  { ...steady('shop', 'noisy', ''), cpu: 7, memory: 7000 * MIB },
  { ...steady('shop', 'noisy', 'POD'), cpu: 7, memory: 7000 * MIB },
  // Two revisions of one Deployment; the first one's pods are gone.
  { ...steady('shop', 'revised'), pod: podOf('revised', '5c6d7f8b9', 'zz2xk'), minutesAgo: [45, 8], memory: 300 * MIB },
  { ...steady('shop', 'revised'), minutesAgo: [8, -15], memory: 100 * MIB },
  // Seen lately, but not any more.
  { ...steady('shop', 'silent'), minutesAgo: [45, 20] },
  ...['one', 'two', 'three'].flatMap((namespace) => [
    steady(namespace, 'web'),
    { ...STEADY, namespace, pod: 'db-0', container: 'app' },
    { ...STEADY, namespace, pod: 'agent-x2k9z', container: 'app' },
  ]),
  steady('kube-system', 'dns'),
  steady('optipod-system', 'tool'),
  ...[
    'calm',
    'stormy',
    'plain',
    'labelled',
    'held',
    'reach',
    'strict',
    'races',
    'killed',
    'scaled',
    'stopped',
    'regressed',
    'struck',
    'template',
    'released',
    'patched',
    'tug',
    'refused',
    'restored',
    'steps',
    'newcomer',
    'undone',
    'undone-bare',
    'regressed-bare',
    'regressed-edited',
    'regressed-patched',
  ].map((namespace) => steady(namespace, 'web')),
  steady('stormy', 'locked'),
  ...FAULTY_ANSWERS.flatMap(({ namespace }) => [steady(namespace, 'web'), steady(namespace, 'other')]),
  // Within the window of whoever looks at it in the first minutes, its counter begins anew.
  { ...steady('counter-reset', 'web'), restarted: true, minutesAgo: [16, -8] },
  // Five scrapes.
  { namespace: 'newcomer', pod: podOf('young'), container: 'app', ...STEADY, minutesAgo: [5, 4] },
  steady('newcomer', 'capped'),
  { namespace: 'calm', pod: podOf('young'), container: 'app', ...STEADY, minutesAgo: [5, 4] },
];
