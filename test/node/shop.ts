import { manifestsYaml } from 'optipod/install';
import type { KubeObject, Pod, WorkloadObject } from 'optipod/kube';
import { CONTAINER, deployment, namespace, operatorSettings, policy, yaml } from '../demo/objects.js';
import { recommendationReader, type Recommendation } from '../demo/recommendation.js';
import { waitFor, type Cluster } from '../kit/index.js';
import { OPERATOR_IMAGE, OPERATOR_IMAGE_ARCHIVE } from '../support/operator-image.js';

export type RunningPod = Pod & {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
};

const LABEL = `app=${deployment.metadata.name}`;
const SHOP = namespace.metadata.name;

/** The demo's shop on a real node, right-sized by OptiPod as its own manifests install it. */
export class Shop {
  readonly cluster: Cluster;
  readonly #read = recommendationReader();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** What a user pipes into `kubectl apply --server-side -f -`. */
  get manifests(): string {
    const { prometheusClusterUrl = '' } = this.cluster;
    const settings = { ...operatorSettings, minSamples: 5 };
    const image = { image: OPERATOR_IMAGE, imagePullPolicy: 'Never' } as const;
    return manifestsYaml({ ...image, prometheusUrl: prometheusClusterUrl, operatorSettings: settings });
  }

  async apply(input: string): Promise<string> {
    return (await this.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input })).stdout;
  }

  async loadImage(): Promise<void> {
    await this.cluster.loadImage(OPERATOR_IMAGE_ARCHIVE);
  }

  async open(): Promise<void> {
    await this.apply(yaml(namespace, deployment));
  }

  async govern(spec: object = {}): Promise<void> {
    await this.apply(yaml({ ...policy, spec: { ...policy.spec, ...spec } }));
  }

  async rolledOut(name: string): Promise<void> {
    const args = ['rollout', 'status', `deployment/${name}`, '-n', 'optipod-system', '--timeout=120s'];
    await this.cluster.kubectl(args);
  }

  async get<T extends KubeObject | { items: readonly KubeObject[] }>(what: string, inNamespace = SHOP): Promise<T> {
    const args = ['get', ...what.split(' '), '-n', inNamespace, '-o', 'json'];
    return JSON.parse((await this.cluster.kubectl(args)).stdout) as T;
  }

  deployment(): Promise<WorkloadObject> {
    return this.get(`deployment/${deployment.metadata.name}`);
  }

  async pods(): Promise<RunningPod[]> {
    const { items } = await this.get<{ items: RunningPod[] }>(`pods -l ${LABEL}`);
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async pod(): Promise<RunningPod> {
    return waitFor('one running pod', async () => {
      const [pod, another] = await this.pods();
      return another === undefined && pod?.status?.phase === 'Running' ? pod : undefined;
    });
  }

  /** Deletes the pod that there is; resolves to the one that runs in its place. */
  async newborn(): Promise<RunningPod> {
    const { name, uid } = (await this.pod()).metadata;
    await this.cluster.kubectl(['delete', 'pod', name, '-n', SHOP, '--grace-period=0', '--force', '--wait=false']);
    return waitFor('the newborn pod', async () => {
      const pod = await this.pod();
      return pod.metadata.uid === uid ? undefined : pod;
    });
  }

  /** What the Deployment's annotations say, once they say something that `wanted` takes. */
  async recommendation(wanted: (one: Recommendation) => boolean = () => true): Promise<Recommendation> {
    return waitFor(
      'a recommendation',
      async () => {
        const found = this.#read((await this.deployment()).metadata.annotations);
        if (!found) throw new Error(JSON.stringify(await this.condition('MetricsAvailable')));
        return wanted(found) ? found : undefined;
      },
      { timeoutMs: 180_000, everyMs: 500 },
    );
  }

  async condition(type: string): Promise<{ status: string; reason: string; message: string } | undefined> {
    const { status } = await this.get<KubeObject & PolicyStatus>(`optpol/${policy.metadata.name}`);
    return status?.conditions?.find((condition) => condition.type === type);
  }

  /** Waits for a condition to have a reason. */
  async says(type: string, reason: string): Promise<string> {
    return waitFor(
      `${type} to say ${reason}`,
      async () => {
        const condition = await this.condition(type);
        if (condition?.reason !== reason) throw new Error(JSON.stringify(condition));
        return `${condition.status}: ${condition.message}`;
      },
      { everyMs: 250 },
    );
  }

  async lastReconciliation(): Promise<number> {
    const { status } = await this.get<KubeObject & PolicyStatus>(`optpol/${policy.metadata.name}`);
    return Date.parse(status?.lastReconciliation ?? '');
  }
}

interface PolicyStatus {
  readonly status?: {
    readonly lastReconciliation?: string;
    readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
  };
}

export function requestsOf({ spec }: Pod): Readonly<Record<string, string | number>> | undefined {
  return spec.containers.find(({ name }) => name === CONTAINER)?.resources?.requests;
}
