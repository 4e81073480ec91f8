import {
  NodeKind,
  PodKind,
  type Container,
  type Kind,
  type Pod,
  type PodSpec,
  type WorkloadObject,
} from 'optipod/kube';
import { OptimizationPolicy, writeAnnotations, type WorkloadAnnotations } from 'optipod/lib/api';
import { DaemonSet, Deployment, StatefulSet } from 'optipod/kube';
import { waitFor } from '../../kit/index.js';
import type { World } from './world.js';

export const WORKLOADS = { Deployment, StatefulSet, DaemonSet } as const satisfies Record<string, Kind<WorkloadObject>>;

/** An image is named and never run: pods here stay Pending. */
export function container(name: string, resources?: object, more: object = {}): Container {
  return { name, image: 'never-run', ...(resources ? { resources } : {}), ...more };
}

/** A DaemonSet makes pods for nodes that are there, running or not. */
export function createNodeOnPaper({ client }: World): Promise<unknown> {
  return client.create(NodeKind, { metadata: { name: 'on-paper' } });
}

export interface WorkloadOptions {
  readonly kind?: keyof typeof WORKLOADS;
  readonly replicas?: number;
  readonly annotations?: Record<string, string>;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

export function createWorkload(
  { client }: World,
  namespace: string,
  name: string,
  {
    kind = 'Deployment',
    replicas = 1,
    annotations = {},
    containers = [container('app')],
    initContainers,
  }: WorkloadOptions = {},
): Promise<WorkloadObject> {
  const labels = { app: name };
  const spec = {
    selector: { matchLabels: labels },
    ...(kind === 'DaemonSet' ? {} : { replicas }),
    template: {
      metadata: { labels },
      spec: {
        // The token's mount would be in every pod.
        automountServiceAccountToken: false,
        containers,
        ...(initContainers ? { initContainers } : {}),
        // A node on paper reports nothing, and is tainted as unreachable after a minute.
        ...(kind === 'DaemonSet' ? { tolerations: [{ operator: 'Exists' }] } : {}),
      },
    },
  };
  return client.create(WORKLOADS[kind], { metadata: { namespace, name, annotations }, spec });
}

/** A policy that reaches no workload unless `spec` says so: of that of an annotation, the webhook asks only for its UID. */
export async function createPolicy(
  { client }: World,
  namespace: string,
  name: string,
  spec: object = {},
): Promise<WorkloadAnnotations['policy']> {
  const policy = await client.create(OptimizationPolicy, {
    metadata: { namespace, name },
    spec: {
      mode: 'Auto',
      selector: { namespaces: { allow: ['nowhere'] } },
      metricsConfig: { provider: 'prometheus' },
      resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
      updateStrategy: { strategy: 'webhook' },
      ...spec,
    },
  });
  return { namespace, name, uid: policy.metadata.uid };
}

export function annotationsOf(
  policy: WorkloadAnnotations['policy'],
  containers: Record<string, object>,
): Record<string, string> {
  return writeAnnotations({
    policy,
    lastRecommendation: '2026-01-28T10:30:00Z',
    strategy: 'webhook',
    containers: new Map(Object.entries(containers)),
  });
}

/** The pods of a workload, once there are so many. */
export function podsOf({ client }: World, namespace: string, name: string, count = 1): Promise<readonly Pod[]> {
  return waitFor(
    `${count} pods of ${name}`,
    async () => {
      const { items } = await client.list(PodKind, { namespace, labelSelector: `app=${name}` });
      const living = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return living.length === count ? living : undefined;
    },
    { everyMs: 20, timeoutMs: 20_000 },
  );
}

/** Has kube-apiserver admit a pod of a workload without creating it: what it would be. Throws where it is refused. */
export function newborn(
  { client }: World,
  { kind = 'StatefulSet', metadata: { name, namespace, uid } }: WorkloadObject,
  spec: PodSpec = { containers: [container('app')] },
  more: object = {},
): Promise<Pod> {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }];
  const metadata = { namespace, generateName: `${name}-`, ownerReferences, ...more };
  return client.create(PodKind, { metadata, spec: { automountServiceAccountToken: false, ...spec } }, { dryRun: true });
}

export function resourcesOf(pod: Pod | undefined, name = 'app'): Container['resources'] {
  const { containers = [], initContainers = [] } = pod?.spec ?? {};
  return [...containers, ...initContainers].find((one) => one.name === name)?.resources;
}

/** A workload without pods of its own whose newborn ones would get these resources. */
export async function recommended(
  world: World,
  namespace: string,
  name: string,
  containers: Record<string, object>,
): Promise<WorkloadObject> {
  const policy = await createPolicy(world, namespace, name);
  const annotations = annotationsOf(policy, containers);
  return createWorkload(world, namespace, name, { kind: 'StatefulSet', replicas: 0, annotations });
}

/** kube-apiserver and the webhook learn of changes in their own time. */
export function untilNewborn(
  world: World,
  workload: WorkloadObject,
  expected: Container['resources'] | 'own',
): Promise<true> {
  return waitFor(
    `a newborn pod with ${JSON.stringify(expected)}`,
    async () => {
      const resources = resourcesOf(await newborn(world, workload));
      const wanted = expected === 'own' ? {} : expected;
      if (JSON.stringify(resources) !== JSON.stringify(wanted)) throw new Error(JSON.stringify(resources));
      return true as const;
    },
    { everyMs: 20, timeoutMs: 20_000 },
  );
}
