import type { Condition } from 'optipod/kube';
import { Apiserver, refusal } from '../../documents/apiserver.js';
import { isTree, merged, treeAt, type Tree } from '../../documents/tree.js';
import { waitFor, type Cluster } from '../../kit/index.js';

const COLLECTIONS: Readonly<Record<string, readonly [root: string, plural: string]>> = {
  Namespace: ['/api/v1', 'namespaces'],
  Pod: ['/api/v1', 'pods'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  StatefulSet: ['/apis/apps/v1', 'statefulsets'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
  EndpointSlice: ['/apis/discovery.k8s.io/v1', 'endpointslices'],
  OptimizationPolicy: ['/apis/optipod.io/v1alpha1', 'optimizationpolicies'],
  WorkloadRecommendation: ['/apis/optipod.io/v1alpha1', 'workloadrecommendations'],
  HorizontalPodAutoscaler: ['/apis/autoscaling/v2', 'horizontalpodautoscalers'],
  ScaledObject: ['/apis/keda.sh/v1alpha1', 'scaledobjects'],
  VerticalPodAutoscaler: ['/apis/autoscaling.k8s.io/v1', 'verticalpodautoscalers'],
  ValidatingAdmissionPolicy: ['/apis/admissionregistration.k8s.io/v1', 'validatingadmissionpolicies'],
  ValidatingAdmissionPolicyBinding: ['/apis/admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings'],
  CustomResourceDefinition: ['/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions'],
};

const MERGE = 'application/merge-patch+json';

/** `Deployment/shop/web`, `Namespace/shop`. */
export type Name = `${string}/${string}`;

export interface Status {
  readonly conditions: readonly Condition[];
  readonly observedGeneration: number;
  readonly workloadsDiscovered: number;
  readonly workloadsProcessed: number;
  readonly workloadsByType: Readonly<Record<string, number>>;
  readonly lastReconciliation: string;
}

/** The cluster's objects, as an administrator makes and reads them. */
export class Objects {
  readonly api: Apiserver;

  constructor(cluster: Cluster) {
    this.api = new Apiserver(cluster);
  }

  async create(...objects: readonly Tree[]): Promise<void> {
    for (const object of objects) await this.api.create(collectionOf(object), object);
  }

  get(name: Name): Promise<Tree> {
    return this.api.get(pathOf(name));
  }

  /** A merge patch. */
  patch(name: Name, patch: Tree): Promise<Tree> {
    return this.api.patch(pathOf(name), patch);
  }

  async remove(name: Name): Promise<void> {
    const refused = refusal(await this.api.ask('DELETE', pathOf(name)));
    if (refused) throw new Error(refused.message);
  }

  /** What OptiPod says on a workload: its annotations, without the prefix. */
  async said(name: Name): Promise<Record<string, string>> {
    const annotations = treeAt(await this.get(name), 'metadata.annotations');
    const own = Object.entries(isTree(annotations) ? annotations : {}).filter(([key]) => key.startsWith('optipod.io/'));
    return Object.fromEntries(own.map(([key, value]) => [key.slice('optipod.io/'.length), String(value)]));
  }

  annotate(name: Name, annotations: Readonly<Record<string, string | null>>): Promise<Tree> {
    return this.patch(name, { metadata: { annotations } });
  }

  /** Waits until what OptiPod says on a workload is as wanted. */
  saying(
    name: Name,
    what: string,
    wanted: (said: Readonly<Record<string, string>>) => boolean,
  ): Promise<Record<string, string>> {
    let last: Record<string, string> = {};
    return waitFor(
      `${name} ${what}`,
      async () => {
        last = await this.said(name);
        if (wanted(last)) return last;
        throw new Error(JSON.stringify(last));
      },
      { timeoutMs: 20_000 },
    );
  }

  async status(policy: Name): Promise<Partial<Status>> {
    const { status } = await this.get(policy);
    return isTree(status) ? status : {};
  }

  /** Waits until a policy's status tells of its present spec, and is as wanted. */
  settled(policy: Name, wanted: (status: Status) => boolean = () => true): Promise<Status> {
    return waitFor(
      `the status of ${policy}`,
      async () => {
        const object = await this.get(policy);
        const { status } = object as { status?: Status };
        const isCurrent = status?.observedGeneration === treeAt(object, 'metadata.generation');
        if (status && isCurrent && wanted(status)) return status;
        throw new Error(JSON.stringify(status));
      },
      { timeoutMs: 20_000 },
    );
  }

  /** Waits for a condition of a policy with this reason. */
  async condition(policy: Name, type: string, reason: string): Promise<Condition> {
    const find = ({ conditions }: Status) => conditions.find((one) => one.type === type && one.reason === reason);
    const found = find(await this.settled(policy, (status) => find(status) !== undefined));
    if (!found) throw new Error(`${policy} has no condition ${type}`);
    return found;
  }

  /** Has a policy evaluated now, by an edit that means nothing, and waits until it was. */
  async evaluate(policy: Name): Promise<Status> {
    const weight = Number(treeAt(await this.get(policy), 'spec.weight'));
    await this.patch(policy, { spec: { weight: weight === 1000 ? 999 : weight + 1 } });
    return this.settled(policy);
  }

  /** Stores an object's status as its controller would. */
  async patchStatus(name: Name, status: Tree): Promise<void> {
    const refused = refusal(await this.api.ask('PATCH', `${pathOf(name)}/status`, { status }, MERGE));
    if (refused) throw new Error(refused.message);
  }

  close(): Promise<void> {
    return this.api.close();
  }
}

export function pathOf(name: Name): string {
  const [kind = '', ...names] = name.split('/');
  const [namespace, last] = names.length === 2 ? names : [undefined, names[0]];
  return `${collection(kind, namespace)}/${String(last)}`;
}

function collectionOf(object: Tree): string {
  return collection(String(object.kind), treeAt(object, 'metadata.namespace') as string | undefined);
}

function collection(kind: string, namespace?: string): string {
  const [root, plural] = COLLECTIONS[kind] ?? [];
  if (root === undefined || plural === undefined) throw new Error(`where are objects of kind ${kind}?`);
  return `${root}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plural}`;
}

export function namespace(name: string, metadata: Tree = {}): Tree {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } };
}

/** A workload that starts no pods. @param over is merged in, containers by name. */
export function workload(kind: string, namespace: string, name: string, over: Tree = {}): Tree {
  const labels = { app: name };
  const base = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { namespace, name, labels },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas: 0 }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '500m', memory: '512Mi' } } }],
        },
      },
    },
  };
  return merged(base, over);
}

export const deployment = (namespace: string, name: string, over?: Tree) =>
  workload('Deployment', namespace, name, over);

/** A policy for its own namespace that is evaluated when something happens, hardly ever by itself. */
export function policy(namespace: string, name: string, spec: Tree = {}): Tree {
  const base = {
    mode: 'Recommend',
    selector: { namespaces: { allow: [namespace] } },
    metricsConfig: { provider: 'prometheus', rollingWindow: '10m' },
    resourceBounds: { cpu: { min: '10m', max: '8' }, memory: { min: '16Mi', max: '8Gi' } },
    updateStrategy: {},
    reconciliationInterval: '1h',
  };
  return {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { namespace, name },
    spec: merged(base, spec),
  };
}
