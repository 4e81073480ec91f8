import { kind, PodKind, ReplicaSet, type Kind, type KubeObject, type Pod } from 'optipod/kube';
import { WORKLOAD_KINDS, type WorkloadKind } from 'optipod/lib/policy';
import type { KubeClient } from '../../operator/runtime/index.js';
import { waitFor } from '../kit/index.js';
import { treeAt, type Tree } from '../documents/tree.js';
import type { Place } from './deliveries.js';
import type { Way } from './ways.js';

export interface Workload extends KubeObject {
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

const FLUX_MANAGER = 'kustomize-controller';

/** As `kubectl rollout restart` does it. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** In which controllers and kube-apiserver count the templates of a workload. */
const COUNTS = ['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation'];

/** What OptiPod says on an object, without the prefix. */
export function ownAnnotations({ metadata }: KubeObject): Record<string, string> {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(PREFIX));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(PREFIX.length), value]));
}

/**
 * An object without what is OptiPod's, and without what controllers say of its state. A Deployment's generation counts its
 * annotations' changes, too.
 */
function withoutOwn({ metadata, spec }: Workload, way: Way): object {
  const { resourceVersion: _, generation: __, annotations = {}, managedFields = [], ...rest } = metadata;
  const isOwn = (key: string) => key.startsWith(PREFIX) || (way.template !== 'nothing' && COUNTS.includes(key));
  const others = Object.entries(annotations)
    .filter(([key]) => !isOwn(key))
    .map(([key, value]) => [key, key === LAST_APPLIED ? lastApplied(value, way) : value] as const);
  return {
    metadata: {
      ...rest,
      annotations: Object.fromEntries(others),
      managedFields: managedFields
        .filter(({ manager = '', subresource }) => !managersOf(way).includes(manager) && subresource !== 'status')
        // With the template come those who count templates. Flux tells by itself what it applied: a DaemonSet each time, and what
        // an annotation came to between its two requests, and changes nothing.
        .map(({ time, ...entry }) =>
          way.template === 'nothing' && entry.manager !== FLUX_MANAGER ? { ...entry, time } : entry,
        ),
    },
    spec: withoutOwnTemplate(spec, way),
  };
}

/**
 * What `kubectl apply` and Argo CD keep of the manifest that they applied. Where it respects what it is to ignore, Argo CD takes that
 * from the cluster first, and with it what controllers say of the state.
 */
function lastApplied(json: string, way: Way): object {
  const { status: _, spec, ...manifest } = JSON.parse(json) as { readonly status?: unknown; readonly spec: Tree };
  return { ...manifest, spec: withoutOwnTemplate(spec, way) };
}

/** The field managers of OptiPod in a workload. */
function managersOf({ template }: Way): readonly string[] {
  const ofTemplate = { nothing: [], restart: ['optipod-restart'], requests: ['optipod'] };
  return ['optipod-metadata', ...ofTemplate[template]];
}

function withoutOwnTemplate(spec: Tree, { template }: Way): Tree {
  const copy = structuredClone(spec);
  const metadata = treeAt(copy, 'template.metadata') as { annotations?: Tree };
  if (template === 'restart' && metadata.annotations) {
    const { [RESTARTED_AT]: _, ...others } = metadata.annotations;
    metadata.annotations = others;
    if (Object.keys(others).length === 0) delete metadata.annotations;
  }
  if (template === 'requests') forgetRequests(treeAt(copy, 'template.spec'));
  return copy;
}

/** Those that OptiPod may change: of CPU and memory. */
function forgetRequests(podSpec: unknown): void {
  for (const { resources } of treeAt(podSpec, 'containers') as { resources?: { requests?: Tree } }[]) {
    delete resources?.requests?.cpu;
    delete resources?.requests?.memory;
  }
}

function withoutOwnResources({ metadata, spec, status }: Pod, { pods }: Way): object {
  if (pods === 'left alone') return { uid: metadata.uid, spec };
  const copy = structuredClone(spec);
  forgetRequests(copy);
  // A pod of a template that was restarted has another name and UID, and nothing else that is other.
  if (pods === 'replaced') return { app: metadata.labels?.app, spec: copy };
  const restarts = status?.containerStatuses?.map(({ restartCount }) => restartCount);
  return { uid: metadata.uid, restarts, spec: copy };
}

/**
 * Everything of a namespace that OptiPod is to leave alone: its workloads, their revisions by name, and their pods, by UID where
 * they are to stay.
 */
export async function outside(client: KubeClient, { namespace, way }: Place): Promise<object> {
  const names = async (of: Kind) =>
    (await client.list(of, { namespace })).items.map(({ metadata }) => metadata.name).sort();
  const revisions =
    way.template === 'nothing'
      ? { replicaSets: await names(ReplicaSet), controllerRevisions: await names(ControllerRevision) }
      : {};
  const workloads = await workloadsOf(client, namespace);
  const pods = await podsIn(client, namespace);
  return {
    namespace,
    workloads: workloads.map((workload) => withoutOwn(workload, way)),
    ...revisions,
    pods: pods.map((pod) => withoutOwnResources(pod, way)),
  };
}

/** In the order of their kinds. */
export async function workloadsOf(client: KubeClient, namespace: string): Promise<readonly Workload[]> {
  const lists = await Promise.all(WORKLOAD_KINDS.map((name) => client.list(KINDS[name], { namespace })));
  return lists.flatMap(({ items }) => items);
}

/** In the order of their workloads' names. */
export async function podsIn(client: KubeClient, namespace: string): Promise<readonly Pod[]> {
  const { items } = await client.list(PodKind, { namespace });
  const appOf = ({ metadata }: Pod) => `${metadata.labels?.app ?? ''} ${metadata.name}`;
  return [...items].sort((a, b) => (appOf(a) < appOf(b) ? -1 : 1));
}

/** Resolves once the controllers of Kubernetes have nothing more to do for what was deployed: all pods are new, and there. */
export async function untilSettled(client: KubeClient, namespace: string): Promise<void> {
  await waitFor(`the workloads of ${namespace} to settle`, async () => {
    const workloads = await workloadsOf(client, namespace);
    const pods = await podsIn(client, namespace);
    const wanted = workloads.map(podsOf).reduce((sum, count) => sum + count, 0);
    return workloads.every(isSettled) && pods.length === wanted ? true : undefined;
  });
}

function podsOf({ spec, status = {} }: Workload): number {
  return Number(spec.replicas ?? status.desiredNumberScheduled ?? 0);
}

function isSettled(workload: Workload): boolean {
  const { metadata, status = {} } = workload;
  if (status.observedGeneration !== metadata.generation) return false;
  const wanted = podsOf(workload);
  const { replicas, updatedReplicas, availableReplicas } = status;
  const { currentNumberScheduled, updatedNumberScheduled, numberAvailable } = status;
  const counts = [
    replicas ?? currentNumberScheduled,
    updatedReplicas ?? updatedNumberScheduled,
    availableReplicas ?? numberAvailable,
  ];
  const isCurrent = status.updateRevision === undefined || status.updateRevision === status.currentRevision;
  return isCurrent && counts.every((count = 0) => count === wanted);
}
