import type { WorkloadKind } from '../policy/index.js';

/** A workload by kind and name, within a namespace. */
export interface NamedWorkload {
  readonly kind: WorkloadKind;
  readonly name: string;
}

// What the controllers append: characters of rand.SafeEncodeString and rand.String, which leave out vowels and lookalikes.
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]';
const SUFFIX: Readonly<Record<WorkloadKind, RegExp>> = {
  Deployment: new RegExp(`^-${RANDOM}{1,10}-${RANDOM}{5}$`),
  DaemonSet: new RegExp(`^-${RANDOM}{5}$`),
  StatefulSet: /^-\d+$/,
};

/**
 * The workload that a pod belonged to, by the names that the controllers give: for pods that are gone there is nothing else.
 * @param workloads all of the pod's namespace.
 * @returns undefined where none fits, or more than one: a wrong owner would be worse than none.
 */
export function podOwner<W extends NamedWorkload>(podName: string, workloads: readonly W[]): W | undefined {
  const fitting = workloads.filter(
    ({ kind, name }) => podName.startsWith(`${name}-`) && SUFFIX[kind].test(podName.slice(name.length)),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}
