import type { OwnerReference } from '../kube/index.js';
import { WORKLOAD_KINDS, type WorkloadKind } from '../policy/index.js';
import { deploymentOfReplicaSet, podOwner, type NamedWorkload, type WorkloadNames } from './pod-owner.js';

/** Whose a pod is: a workload, or nobody's that is right-sized (a Job, a bare pod). */
export type Owner = NamedWorkload | 'stranger';

/** As an owner reference names it: a ReplicaSet for the pod of a Deployment. */
type Controller = Pick<OwnerReference, 'kind' | 'name'>;

interface Known {
  told?: Controller;
  seen?: Controller | 'stranger';
  /** Whether the pod is there: what is known of it is kept then. */
  isThere: boolean;
  /** When something was last learnt of it. */
  at: number;
}

/**
 * Whose pods are, also those that are gone: as kube-state-metrics told, else as their owner references said while they were
 * there, else by the unambiguous pattern of their names.
 */
export class PodOwners {
  readonly #pods = new Map<string, Known>();
  #now = 0;

  /** What a metrics provider knows: kinds as in owner references, so a ReplicaSet for the pod of a Deployment. */
  told(namespace: string, pod: string, owner: Controller): void {
    this.#known(namespace, pod).told = owner;
  }

  /** Who controls a pod that is there, likewise; 'stranger' where nobody does. */
  seen(namespace: string, pod: string, controller: Controller | 'stranger'): void {
    Object.assign(this.#known(namespace, pod), { seen: controller, isThere: true });
  }

  /** The pod's object is deleted: it is known as long as its usage is. */
  left(namespace: string, pod: string): void {
    const known = this.#pods.get(keyOf(namespace, pod));
    if (known) Object.assign(known, { isThere: false, at: this.#now });
  }

  /** What is certain. @param workloads all of the pod's namespace */
  certain(namespace: string, pod: string, workloads: WorkloadNames): Owner | undefined {
    const known = this.#pods.get(keyOf(namespace, pod));
    return (known?.told && ownerTold(known.told, workloads)) ?? (known?.seen && ownerTold(known.seen, workloads));
  }

  /** What is certain, or else probable. @returns undefined where nothing is known: a wrong owner would be worse than none */
  likely(namespace: string, pod: string, workloads: WorkloadNames): Owner | undefined {
    return this.certain(namespace, pod, workloads) ?? podOwner(pod, workloads.before(pod));
  }

  /** Forgets pods that are gone, of which nothing was learnt for a while and no usage is remembered. Seconds. */
  forget(now: number, after: number, hasUsage: (namespace: string, pod: string) => boolean): void {
    this.#now = now;
    for (const [key, { isThere, at }] of this.#pods) {
      const slash = key.indexOf('/');
      if (!isThere && at <= now - after && !hasUsage(key.slice(0, slash), key.slice(slash + 1))) this.#pods.delete(key);
    }
  }

  #known(namespace: string, pod: string): Known {
    const key = keyOf(namespace, pod);
    let known = this.#pods.get(key);
    if (!known) this.#pods.set(key, (known = { isThere: false, at: this.#now }));
    known.at = this.#now;
    return known;
  }
}

/** @returns undefined for a ReplicaSet whose Deployment is not known */
function ownerTold(controller: Controller | 'stranger', workloads: WorkloadNames): Owner | undefined {
  if (controller === 'stranger') return controller;
  const { kind, name } = controller;
  if ((WORKLOAD_KINDS as readonly string[]).includes(kind)) return { kind: kind as WorkloadKind, name };
  return kind === 'ReplicaSet' ? deploymentOfReplicaSet(name, workloads.before(name)) : 'stranger';
}

function keyOf(namespace: string, pod: string): string {
  return `${namespace}/${pod}`;
}
