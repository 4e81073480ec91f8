import type { WorkloadKind } from '../policy/index.js';

/** A workload by kind and name, within a namespace. */
export interface NamedWorkload {
  readonly kind: WorkloadKind;
  readonly name: string;
}

/** What the controllers append: a character of rand.SafeEncodeString and rand.String, which leave out vowels and lookalikes. */
export const RANDOM_CHARACTER = '[bcdfghjklmnpqrstvwxz2456789]';
const SUFFIX: Readonly<Record<WorkloadKind, RegExp>> = {
  Deployment: new RegExp(`^-${RANDOM_CHARACTER}{1,10}-${RANDOM_CHARACTER}{5}$`),
  DaemonSet: new RegExp(`^-${RANDOM_CHARACTER}{5}$`),
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

const TEMPLATE_HASH = new RegExp(`^-${RANDOM_CHARACTER}{1,10}$`);

/** The Deployment that a ReplicaSet belonged to, likewise. @param workloads all of its namespace */
export function deploymentOfReplicaSet<W extends NamedWorkload>(
  replicaSet: string,
  workloads: readonly W[],
): W | undefined {
  const fitting = workloads.filter(
    ({ kind, name }) =>
      kind === 'Deployment' && replicaSet.startsWith(`${name}-`) && TEMPLATE_HASH.test(replicaSet.slice(name.length)),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Workloads of a namespace, found by the names of what they own without looking at each. */
export class WorkloadNames<W extends NamedWorkload = NamedWorkload> {
  readonly #byName = new Map<string, W[]>();

  constructor(workloads: Iterable<W>) {
    for (const workload of workloads) {
      const namesakes = this.#byName.get(workload.name);
      if (namesakes) namesakes.push(workload);
      else this.#byName.set(workload.name, [workload]);
    }
  }

  /** Those whose name and a hyphen the name of a pod or ReplicaSet begins with. */
  before(owned: string): W[] {
    const found: W[] = [];
    for (let hyphen = owned.indexOf('-'); hyphen > 0; hyphen = owned.indexOf('-', hyphen + 1)) {
      found.push(...(this.#byName.get(owned.slice(0, hyphen)) ?? []));
    }
    return found;
  }
}
