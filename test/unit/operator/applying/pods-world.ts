import type {
  KubeObject,
  LimitRange,
  Pod,
  PodSpec,
  ResourceQuota,
  ResourceRequirements,
  Status,
  WorkloadObject,
} from 'optipod/kube';
import { ownAnnotations, readPolicy, writeAnnotations } from 'optipod/lib/api';
import { afterRegression, type ApplyingState, type ResizePatch } from 'optipod/lib/apply';
import { containerAmounts, formatInstant } from 'optipod/lib/recommend';
import type { DisruptionGate, Refusal } from '../../../../operator/applying/guards/gate.js';
import { PodsApplications } from '../../../../operator/applying/pods/applications.js';
import type { PodResourcesContext } from '../../../../operator/applying/pods/context.js';
import { lookAfterPods } from '../../../../operator/applying/pods/controller.js';
import { Memories } from '../../../../operator/applying/pods/memory.js';
import { goneBack } from '../../../../operator/applying/rollback/gone-back.js';
import { Cluster, type ClusterCaches } from '../../../../operator/cluster.js';
import { ApiError, silentLogger, type EventDraft } from '../../../../operator/runtime/index.js';
import { seenPod, type SeenPod } from '../../../../operator/usage/pods.js';
import { workloadPods } from '../../../../operator/workloads/workload-pods.js';
import { WORKLOAD_PROJECTIONS } from '../../../../operator/workloads/workload.js';
import { policyOf } from '../../lib/policies.js';

/** When the policy's first recommendation was made, and later things happen in seconds after it. */
export const START = Date.parse('2026-03-01T12:00:00Z');
/** How long what regressed is left alone, in seconds. */
export const HOLDOFF = 6 * 3600;
const KEY = 'Deployment/shop/web';
const POLICY = { name: 'policy', uid: 'policy-uid' };

/** What an operator asked of kube-apiserver, in order. */
export type Asked =
  { readonly resize: string; readonly step: ResizePatch } | { readonly evict: string } | { readonly restart: string };

/** One Deployment with its pods, kube-apiserver and the kubelet as the test says, and the controller's looks at them. */
export class PodsWorld {
  readonly asked: Asked[] = [];
  readonly events: EventDraft[] = [];
  readonly pods = new Map<string, Pod>();
  now = START;
  /** What kube-apiserver says to the next requests. */
  refuses: (asked: Asked) => { readonly code: number; readonly status: Partial<Status> } | undefined = () => undefined;
  /** What the kubelet makes of a resize. @default it is in effect at once */
  kubelet: (pod: Pod) => Pod = inEffect;
  gate: Refusal | undefined;
  gateAsked = 0;
  /** How many leaves of the gate were given back. */
  gateGivenBack = 0;
  canResize = true;
  webhookReady = true;
  stopped: Refusal | undefined;
  /** The Deployment's resource version, of which the controller's memory has the first. */
  version = '1';
  limitRanges: LimitRange[] = [];
  quotas: ResourceQuota[] = [];
  node = 'small';
  evaluations = 0;
  /** What its WorkloadRecommendation says of since when new pods get what the annotations say: milliseconds since 1970. */
  injectedSince: number | undefined = START;
  memories = new Memories();
  readonly applications = new PodsApplications();
  #wanted: ResourceRequirements;
  #recommendedAt = START;
  #restartedAt: string | undefined;
  /** Of the Deployment, since it went back to what it had: other than for what is recommended. */
  annotations: Record<string, string> | undefined;
  #applying: ApplyingState | undefined;
  readonly #strategy: object;
  readonly #replicas: number;
  readonly #template: PodSpec;
  readonly #labels: Record<string, string>;

  constructor(given: {
    readonly wanted: ResourceRequirements;
    readonly template: ResourceRequirements;
    readonly strategy?: object;
    readonly replicas?: number;
    readonly container?: object;
    readonly labels?: Record<string, string>;
  }) {
    this.#wanted = given.wanted;
    this.#strategy = given.strategy ?? {};
    this.#replicas = given.replicas ?? 1;
    this.#labels = given.labels ?? { 'optipod.io/webhook': 'enabled' };
    this.#template = { containers: [{ name: 'app', resources: given.template, ...given.container }] };
    for (let i = 0; i < this.#replicas; i += 1) this.born(`web-${i}`, { seconds: -3600 });
  }

  /** A pod starts, with the template's resources or others. @param seconds after the first recommendation */
  born(name: string, { seconds, resources }: { seconds: number; resources?: ResourceRequirements }): void {
    const [container] = this.#template.containers;
    if (!container) return;
    const spec = { containers: [{ ...container, ...(resources ? { resources } : {}) }], nodeName: 'node' };
    const pod: Pod = {
      metadata: {
        name,
        namespace: 'shop',
        uid: `${name}-uid`,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: new Date(START + seconds * 1000).toISOString(),
        labels: { 'pod-template-hash': 'abc' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-abc', uid: 'rs', controller: true }],
      },
      spec,
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    };
    this.pods.set(name, inEffect(pod));
  }

  losesReadiness(name: string): void {
    const pod = this.pods.get(name);
    if (pod) this.pods.set(name, { ...pod, status: { ...pod.status, conditions: [] } });
  }

  /** A pod's containers have all ended: it was evicted for want of room on its node, and its object stays. */
  fails(name: string): void {
    const pod = this.pods.get(name);
    const conditions = [{ type: 'Ready', status: 'False', reason: 'PodFailed' }];
    if (pod) this.pods.set(name, { ...pod, status: { ...pod.status, phase: 'Failed', conditions } });
  }

  /** The policy recommends something else. @param seconds after its first recommendation */
  recommend(wanted: ResourceRequirements, seconds: number): void {
    this.#wanted = wanted;
    this.#recommendedAt = START + seconds * 1000;
    this.injectedSince = this.#recommendedAt;
    this.annotations = undefined;
    this.#applying = undefined;
  }

  /** The annotations go back to what was applied before. @param seconds after the first recommendation */
  goesBack(to: ResourceRequirements, seconds: number): void {
    const web = WORKLOAD_PROJECTIONS.Deployment(this.#deployment());
    const policy = policyOf({ updateStrategy: this.#strategy }, POLICY);
    const back = new Map(Object.keys(to).length > 0 ? [['app', to]] : []);
    const now = START / 1000 + seconds;
    this.injectedSince = now * 1000;
    this.annotations = ownAnnotations(goneBack(web, policy, back, now).metadata.annotations);
    const { content } = web;
    const containers = containerAmounts(new Map(['app', 'injected'].map((name) => [name, this.#wanted])));
    const change = { at: formatInstant(START / 1000), content, available: 1, containers };
    const applied = { previous: containerAmounts(back), change };
    const baseline = { now, content, available: 1, failed: false, troubled: [] };
    this.#applying = afterRegression(applied, { what: 'NotReady', message: 'web-1 is not ready' }, baseline, HOLDOFF);
  }

  /** Somebody asks for a rolling restart. @param seconds after the first recommendation */
  restartedByUser(seconds: number): void {
    this.#restartedAt = new Date(START + seconds * 1000).toISOString();
  }

  /** The operator ends and another one begins, which knows what is in the cluster. */
  killOperator(): void {
    this.memories = new Memories();
  }

  /** The controller's next look. @param seconds after the first recommendation */
  async look(seconds?: number): Promise<number | undefined> {
    if (seconds !== undefined) this.now = START + seconds * 1000;
    const run = { signal: new AbortController().signal, log: silentLogger };
    return (await lookAfterPods(KEY, this.#context(), run))?.requeueAfterMs;
  }

  /** Before the first recommendation: new pods get nothing. */
  async lookBefore(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = {};
    await this.look(-5);
    this.#wanted = wanted;
  }

  /** What people are told. */
  get told() {
    const told = this.applications.of(KEY);
    if (!told) return undefined;
    const { since: _, ...rest } = told;
    return rest;
  }

  /** Since when new pods get what the annotations say, as far as the operator has seen: seconds since 1970. */
  get toldSince(): number | undefined {
    return this.applications.of(KEY)?.since;
  }

  resourcesOf(name: string): ResourceRequirements | undefined {
    return this.pods.get(name)?.spec.containers[0]?.resources;
  }

  #context(): PodResourcesContext {
    const policy = policyOf({ updateStrategy: this.#strategy }, POLICY);
    const gate: DisruptionGate = {
      ask: () => {
        this.gateAsked += 1;
        return Promise.resolve(this.gate);
      },
      giveBack: () => {
        this.gateGivenBack += 1;
      },
      lastDisruption: () => undefined,
    };
    const caches = {
      policies: cache([readPolicy(policy)]),
      namespaces: cache([{ metadata: { name: 'shop', labels: this.#labels } } as unknown as KubeObject]),
      workloads: {
        Deployment: cache([WORKLOAD_PROJECTIONS.Deployment(this.#deployment())]),
        StatefulSet: cache([]),
        DaemonSet: cache([]),
      },
    } as unknown as ClusterCaches;
    const restart = {
      patch: (_: unknown, body: unknown) => this.#ask({ restart: restartedAtIn(body) }, versionIn(body)),
    };
    return {
      cluster: new Cluster(caches, 'optipod-system'),
      pods: { of: (key) => this.#podsOf(key) },
      limitRanges: { list: () => this.limitRanges },
      quotas: { list: () => this.quotas },
      installation: { inPlaceResize: true, recreate: true },
      canResize: () => Promise.resolve(this.canResize),
      webhookReady: () => this.webhookReady,
      stopped: () => this.stopped,
      applyingOf: () => ({
        ...this.#applying,
        ...(this.injectedSince === undefined ? {} : { injectedSince: new Date(this.injectedSince).toISOString() }),
      }),
      memories: this.memories,
      applications: this.applications,
      event: (_, event) => this.events.push(event),
      evaluateSoon: () => (this.evaluations += 1),
      gate,
      writers: { Deployment: restart, StatefulSet: restart, DaemonSet: restart },
      resizes: {
        patch: ({ name }, body) => this.#ask({ resize: name, step: (body as { spec: ResizePatch }).spec }),
      },
      evictions: {
        create: ({ name }, body) => {
          const { deleteOptions } = body as { deleteOptions: { preconditions: { uid: string } } };
          if (deleteOptions.preconditions.uid !== this.pods.get(name)?.metadata.uid) throw new Error('another pod');
          return this.#ask({ evict: name });
        },
      },
      nodeOf: () => this.node,
      now: () => this.now,
    };
  }

  #podsOf(key: string): readonly SeenPod[] {
    return workloadPods(
      {
        onEvent: (handler) => {
          for (const pod of this.pods.values()) handler({ type: 'added', object: seenPod(pod), initial: true });
          return () => undefined;
        },
      },
      () => undefined,
    ).of(key);
  }

  #deployment(): WorkloadObject {
    const recommended =
      Object.keys(this.#wanted).length === 0
        ? {}
        : writeAnnotations({
            policy: { namespace: 'shop', name: 'policy', uid: 'policy-uid' },
            lastRecommendation: new Date(this.#recommendedAt).toISOString(),
            strategy: 'webhook',
            containers: new Map([
              ['app', this.#wanted],
              ['injected', this.#wanted],
            ]),
          });
    const restarted = this.#restartedAt;
    const template = {
      ...(restarted === undefined
        ? {}
        : { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restarted } } }),
      spec: this.#template,
    };
    return {
      metadata: {
        name: 'web',
        namespace: 'shop',
        uid: 'web-uid',
        resourceVersion: '1',
        creationTimestamp: '',
        annotations: this.annotations ?? recommended,
      },
      spec: { replicas: this.#replicas, template },
    };
  }

  /** Asks kube-apiserver, which does it or refuses. */
  #ask(asked: Asked, version?: string): Promise<Pod> {
    this.asked.push(asked);
    const isOutdated = version !== undefined && version !== this.version;
    const refusal = isOutdated ? { code: 409, status: { reason: 'Conflict' } } : this.refuses(asked);
    if (refusal) {
      return Promise.reject(new ApiError('ask', refusal.code, { kind: 'Status', ...refusal.status }));
    }
    if ('restart' in asked) this.#restartedAt = asked.restart;
    if ('evict' in asked) this.#leaving(asked.evict);
    if ('resize' in asked) this.#resize(asked.resize, asked.step);
    // The controller reads what it asked for from memory, never from the answer.
    return Promise.resolve(undefined as unknown as Pod);
  }

  #leaving(name: string): void {
    const pod = this.pods.get(name);
    if (!pod) return;
    const deletionTimestamp = new Date(this.now).toISOString();
    this.pods.set(name, { ...pod, metadata: { ...pod.metadata, deletionTimestamp } });
  }

  #resize(name: string, { containers = [] }: ResizePatch): void {
    const pod = this.pods.get(name);
    if (!pod) return;
    const merged = pod.spec.containers.map((container) => {
      const { requests, limits } = containers.find((one) => one.name === container.name)?.resources ?? {};
      const has = container.resources ?? {};
      return {
        ...container,
        resources: {
          ...(has.requests || requests ? { requests: { ...has.requests, ...requests } } : {}),
          ...(has.limits || limits ? { limits: { ...has.limits, ...limits } } : {}),
        },
      };
    });
    const metadata = { ...pod.metadata, generation: (pod.metadata.generation ?? 1) + 1 };
    this.pods.set(name, this.kubelet({ ...pod, metadata, spec: { ...pod.spec, containers: merged } }));
  }
}

/** The kubelet has done what the spec says. */
export function inEffect(pod: Pod): Pod {
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => !type.startsWith('PodResize'));
  return {
    ...pod,
    status: {
      ...pod.status,
      conditions,
      observedGeneration: pod.metadata.generation ?? 1,
      containerStatuses: pod.spec.containers.map(({ name, resources = {} }) => ({
        name,
        resources,
        allocatedResources: resources.requests ?? {},
      })),
    },
  };
}

/** The kubelet says something of the resize, and does nothing. */
export function says(type: string, reason?: string, message = ''): (pod: Pod) => Pod {
  const condition = { type, status: 'True', message, ...(reason === undefined ? {} : { reason }) };
  return (pod) => ({ ...pod, status: { ...pod.status, conditions: [...(pod.status?.conditions ?? []), condition] } });
}

function cache(objects: readonly { readonly metadata: { readonly name: string } }[]) {
  return {
    list: () => objects,
    get: (_: string | undefined, name: string) => objects.find(({ metadata }) => metadata.name === name),
  };
}

function versionIn(body: unknown): string | undefined {
  return (body as { metadata: { resourceVersion?: string } }).metadata.resourceVersion;
}

function restartedAtIn(body: unknown): string {
  const { spec } = body as { spec: { template: { metadata: { annotations: Record<string, string> } } } };
  return spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt'] ?? '';
}
