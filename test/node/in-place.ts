import { Deployment, EventKind, PodKind, type Pod, type WorkloadObject } from 'optipod/kube';
import { OptimizationPolicy, WorkloadRecommendation } from 'optipod/lib/api';
import { currentRun, loadImage, waitFor } from '../kit/index.js';
import { cgroupOf } from '../kit/cgroups.js';
import type { World } from '../cluster/webhook/world.js';
import { cgroupLimits, type CgroupLimits } from '../support/cgroup-limits.js';

type RunningPod = Pod & {
  readonly status?: {
    readonly containerStatuses?: readonly { readonly name: string; readonly containerID?: string }[];
  };
};

/** A Deployment of one kind of pod, and what its policy has as the least for the container `app`. */
export interface Case {
  readonly name: string;
  readonly replicas?: number;
  readonly args?: readonly string[];
  readonly resources: object;
  readonly resizePolicy?: readonly object[];
  readonly updateStrategy?: object;
}

export interface Least {
  readonly cpu: string;
  readonly memory: string;
}

/** Workloads on a real node, each with a policy of its own, and what can be seen of them. */
export class Bench {
  readonly world: World;
  readonly namespace: string;

  constructor(world: World, namespace: string) {
    this.world = world;
    this.namespace = namespace;
  }

  async open({ name, replicas = 1, args = [], resources, resizePolicy }: Case): Promise<void> {
    const labels = { app: name };
    const container = { name: 'app', image: loadImage, imagePullPolicy: 'Never', args, resources };
    const spec = {
      terminationGracePeriodSeconds: 1,
      containers: [{ ...container, ...(resizePolicy ? { resizePolicy } : {}) }],
    };
    await this.world.client.create(Deployment, {
      metadata: { namespace: this.namespace, name },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    await this.ready(name, replicas);
  }

  /** Whose policy has what as its least: usage is next to nothing, so that is what is recommended. */
  async govern({ name, updateStrategy }: Case, least: Least): Promise<void> {
    const policy = {
      metadata: { namespace: this.namespace, name },
      spec: {
        mode: 'Auto',
        selector: {
          namespaces: { allow: [this.namespace] },
          workloadSelector: { matchExpressions: [{ key: 'policy', operator: 'In', values: [name] }] },
        },
        metricsConfig: { provider: 'custom', rollingWindow: '5m' },
        resourceBounds: { cpu: { min: least.cpu, max: '16' }, memory: { min: least.memory, max: '1Gi' } },
        updateStrategy: { strategy: 'webhook', updateRequestsOnly: false, ...updateStrategy },
        reconciliationInterval: '10s',
      },
    };
    const { client } = this.world;
    await client.apply(OptimizationPolicy, policy, { fieldManager: 'test', force: true });
    const labels = { metadata: { labels: { policy: name } } };
    await client.patch(Deployment, { namespace: this.namespace, name }, labels, { type: 'merge' });
  }

  async pods(name: string): Promise<readonly RunningPod[]> {
    const selection = { namespace: this.namespace, labelSelector: `app=${name}` };
    const { items } = await this.world.client.list(PodKind, selection);
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async pod(name: string): Promise<RunningPod> {
    const [pod, another] = await this.pods(name);
    if (!pod || another) throw new Error(`${name} has not one pod`);
    return pod;
  }

  ready(name: string, count: number): Promise<readonly RunningPod[]> {
    return waitFor(
      `${count} pods of ${name}`,
      async () => {
        const pods = await this.pods(name);
        const isReady = ({ status }: Pod) =>
          (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
        return pods.length === count && pods.every(isReady) ? pods : undefined;
      },
      SOON,
    );
  }

  /** What the kernel gives the container of a pod. */
  kernel({ status }: RunningPod): CgroupLimits {
    const id = status?.containerStatuses?.[0]?.containerID ?? '';
    return cgroupLimits(cgroupOf(currentRun()?.name ?? ''), id.replace('containerd://', ''));
  }

  workload(name: string): Promise<WorkloadObject> {
    return this.world.client.get(Deployment, { namespace: this.namespace, name });
  }

  /** Waits for the WorkloadRecommendation to say what became of it. @returns the condition's message, and when it was applied */
  told(name: string, reason: string): Promise<{ readonly message: string; readonly at: string | undefined }> {
    return waitFor(
      `${name} to be told ${reason}`,
      async () => {
        const ref = { namespace: this.namespace, name: `deployment-${name}` };
        const { status } = await this.world.client.get(WorkloadRecommendation, ref);
        const applied = status?.conditions?.find(({ type }) => type === 'Applied');
        if (applied?.reason !== reason) throw new Error(JSON.stringify({ applied, pods: await this.#seen(name) }));
        return { message: applied.message, at: status?.lastApplied };
      },
      SOON,
    );
  }

  /** The messages of events on a workload. */
  async events(name: string, reason: string): Promise<readonly string[]> {
    const fieldSelector = `reason=${reason},involvedObject.name=${name}`;
    const { items } = await this.world.client.list(EventKind, { namespace: this.namespace, fieldSelector });
    return items.map(({ message }) => message);
  }

  async #seen(name: string): Promise<unknown> {
    return (await this.pods(name)).map(({ metadata, spec, status }) => ({
      name: metadata.name,
      resources: spec.containers[0]?.resources,
      conditions: status?.conditions?.filter(({ type }) => type.startsWith('PodResize')),
    }));
  }
}

export const SOON = { everyMs: 200, timeoutMs: 60_000 };

/** What a pod must keep that is resized in place. */
export function identityOf({ metadata, status }: Pod) {
  return { uid: metadata.uid, restarts: status?.containerStatuses?.map(({ restartCount }) => restartCount) };
}
