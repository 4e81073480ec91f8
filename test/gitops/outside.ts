import { kind, PodKind, ReplicaSet, type Kind, type KubeObject } from 'optipod/kube';
import { WORKLOAD_KINDS, type WorkloadKind } from 'optipod/lib/policy';
import type { KubeClient } from '../../operator/runtime/index.js';
import { waitFor } from '../kit/index.js';
import type { Tree } from '../documents/tree.js';

interface ManagedFields {
  readonly manager: string;
  readonly subresource?: string;
}

export interface Workload extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly managedFields?: readonly ManagedFields[] };
  readonly spec: Tree;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** With everything that is in them. */
export const KINDS: Readonly<Record<WorkloadKind, Kind<Workload>>> = {
  Deployment: kind('apps', 'v1', 'Deployment', 'deployments'),
  StatefulSet: kind('apps', 'v1', 'StatefulSet', 'statefulsets'),
  DaemonSet: kind('apps', 'v1', 'DaemonSet', 'daemonsets'),
};
const ControllerRevision = kind('apps', 'v1', 'ControllerRevision', 'controllerrevisions');

const PREFIX = 'optipod.io/';

/** What OptiPod says on an object, without the prefix. */
export function ownAnnotations({ metadata }: KubeObject): Record<string, string> {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(PREFIX));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(PREFIX.length), value]));
}

/**
 * An object without what OptiPod says on it, and without what controllers say of its state. A Deployment's generation counts
 * its annotations' changes, too.
 */
function withoutOwn({ metadata, spec }: Workload): object {
  const { resourceVersion: _, generation: __, annotations = {}, managedFields = [], ...rest } = metadata;
  return {
    metadata: {
      ...rest,
      annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith(PREFIX))),
      managedFields: managedFields.filter(
        ({ manager, subresource }) => manager !== 'optipod-metadata' && subresource !== 'status',
      ),
    },
    spec,
  };
}

/** Everything of a namespace that OptiPod is to leave alone: its workloads, their revisions by name, and their pods by UID. */
export async function outside(client: KubeClient, namespace: string): Promise<object> {
  const names = async (of: Kind) =>
    (await client.list(of, { namespace })).items.map(({ metadata }) => metadata.name).sort();
  const workloads = await Promise.all(WORKLOAD_KINDS.map((name) => client.list(KINDS[name], { namespace })));
  const pods = (await client.list(PodKind, { namespace })).items;
  return {
    workloads: workloads.flatMap(({ items }) => items.map(withoutOwn)),
    replicaSets: await names(ReplicaSet),
    controllerRevisions: await names(ControllerRevision),
    pods: pods.map(({ metadata, spec }) => ({ uid: metadata.uid, spec })),
  };
}

/** Resolves once the controllers of Kubernetes have nothing more to do for what was deployed. No pod of it ever runs. */
export async function untilSettled(client: KubeClient, namespace: string): Promise<void> {
  for (const which of WORKLOAD_KINDS) {
    await waitFor(`the ${which} of ${namespace} to settle`, async () => {
      const { metadata, spec, status = {} } = await client.get(KINDS[which], { namespace, name: which.toLowerCase() });
      if (status.observedGeneration !== metadata.generation) return undefined;
      const { replicas = 0, updatedReplicas = 0 } = status;
      const hasPods = which === 'DaemonSet' || replicas === spec.replicas;
      return hasPods && (which !== 'Deployment' || updatedReplicas === replicas) ? true : undefined;
    });
  }
}
