import { Registry } from 'prom-client';
import type { JsonPatchOperation, KubeObject, ObjectRef, PodSpec } from 'optipod/kube';
import { readPolicy, type StoredPolicy } from 'optipod/lib/api';
import type { ClusterHold } from 'optipod/lib/recommend';
import { createGate } from '../../../../operator/applying/guards/create-gate.js';
import type { PodsApplication } from '../../../../operator/applying/pods/applications.js';
import { createRollback } from '../../../../operator/applying/rollback/rollback.js';
import { Cluster, type ClusterCaches } from '../../../../operator/cluster.js';
import type { ProviderError } from '../../../../operator/metrics/provider.js';
import { policies } from '../../../../operator/policies/controller.js';
import { Coverage } from '../../../../operator/policies/coverage.js';
import { stopOf } from '../../../../operator/policies/in-effect.js';
import type { PassContext } from '../../../../operator/policies/pass.js';
import { UsageWaits } from '../../../../operator/policies/usage-waits.js';
import type { EventDraft } from '../../../../operator/runtime/index.js';
import { operatorSettings } from '../../../../operator/settings.js';
import type { SeenPod } from '../../../../operator/usage/pods.js';
import type { Told } from '../../../../operator/workloads/recommendation.js';
import { Leftovers } from '../../../../operator/workloads/leftovers.js';
import { Turns } from '../../../../operator/workloads/turns.js';
import { WORKLOAD_PROJECTIONS, type Workload } from '../../../../operator/workloads/workload.js';
import type { policyOf } from '../../lib/policies.js';
import { applyPatch } from '../../../support/json-patch.js';
import { DAY, NOW, usageOf } from '../../recommend/inputs.js';
import { TemplateFields, type Speaker } from './template-fields.js';

type Policy = ReturnType<typeof policyOf>;
type Labels = Readonly<Record<string, string>>;

export const LABELLED: Labels = { 'optipod.io/webhook': 'enabled' };

/** Of the event loop, which nothing here waits for longer. */
const MOST_TURNS = 10_000;

const OWN_NAMESPACE = 'optipod-system';

/** A Deployment that is rolled out. */
export function deployment(name: string, spec: object = {}, namespace = 'shop'): Workload {
  const { replicas } = { replicas: 3, ...spec };
  const object = {
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      replicas,
      template: {
        spec: { containers: [{ name: 'app', resources: { requests: { cpu: '500m', memory: '1Gi' } } }] },
      },
      ...spec,
    },
    status: { observedGeneration: 1, replicas, updatedReplicas: replicas, availableReplicas: replicas },
  };
  return WORKLOAD_PROJECTIONS.Deployment(object);
}

/** Policies, workloads and namespaces, a provider that tells of usage or does not, and what evaluations make of them. */
export class PassWorld {
  /** Milliseconds since 1970. */
  now = NOW * 1000;
  policies: Policy[];
  workloads: Workload[];
  readonly namespaces = new Map<string, Labels>();
  /** Of every workload. */
  pods: SeenPod[] = [];
  /** What happens while a template is written, and before anybody is told that it was. */
  whileWriting: (workload: string) => void = () => undefined;
  beforeAnswer: (workload: string) => Promise<void> = () => Promise.resolve();
  /** Cores that everything uses all day. */
  cpu = 0.1;
  /** Bytes. */
  memory = 2 ** 28;
  holds: readonly ClusterHold[] = [];
  isPaused = false;
  /** What the providers of usage say instead of usage. */
  failure: ProviderError | undefined;
  /** Providers that are still to be read as far as they are asked for, and those who wait for it. */
  readonly slow = new Set<string>();
  readonly #fields = new Map<string, TemplateFields>();
  readonly #timers = new Set<() => void>();
  readonly #waiting = new Map<string, (() => void)[]>();
  /** What came of running pods, by workload. */
  readonly ofPods = new Map<string, PodsApplication>();
  /** By namespace and name. */
  readonly told = new Map<string, Told>();
  readonly events: (EventDraft & { readonly of: string })[] = [];
  /** The names of the policies whose status was written, in order. */
  readonly statuses: string[] = [];
  /** Policies that are to be evaluated soon, and after how many milliseconds. */
  readonly soon: { readonly key: string; readonly afterMs: number | undefined }[] = [];
  readonly #stored = new WeakMap<Policy, StoredPolicy>();
  readonly #env: Readonly<Record<string, string>>;

  constructor(given: {
    readonly policies: readonly Policy[];
    readonly workloads: readonly Workload[];
    readonly labels?: Labels;
    readonly env?: Readonly<Record<string, string>>;
  }) {
    this.policies = [...given.policies];
    this.workloads = [...given.workloads];
    for (const { metadata } of this.workloads) this.namespaces.set(metadata.namespace, given.labels ?? LABELLED);
    this.#env = given.env ?? {};
  }

  /** One evaluation of the first policy, by an operator of its own unless told otherwise. */
  async pass(operator = this.operator()): Promise<void> {
    const [first] = this.policies;
    if (first) await this.evaluate([first], operator);
  }

  /** One evaluation of each of these. @param written how many of them have something to tell */
  async evaluate(some: readonly Policy[], operator: PassContext, written = some.length): Promise<void> {
    const wanted = this.statuses.length + written;
    const over = new AbortController();
    const controller = policies(operator);
    void controller.run(over.signal);
    for (const { metadata } of some) controller.enqueue(`${metadata.namespace ?? ''}/${metadata.name}`);
    // Also for those that have nothing to tell.
    for (let turns = 0; turns < some.length * 10 || this.statuses.length < wanted; turns += 1) {
      if (turns > MOST_TURNS) throw new Error(`statuses written: ${this.statuses.join(', ')}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    over.abort();
  }

  /** Whoever waits for a slow provider has done so for long. */
  losePatience(): void {
    for (const fire of [...this.#timers]) fire();
    this.#timers.clear();
  }

  /** A slow provider's usage is read. */
  async covered(provider: string): Promise<void> {
    this.slow.delete(provider);
    for (const resolve of this.#waiting.get(provider) ?? []) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Nothing is applied to a workload for the next hours. */
  suspend(name: string, why: { readonly reason: string; readonly message: string }): void {
    const told = this.told.get(`shop/deployment-${name}`);
    const workload = this.workloads.find(({ metadata }) => metadata.name === name);
    if (!told || !workload) throw new Error(`nothing was told of ${name}`);
    const at = (ms: number) => new Date(this.now + ms).toISOString();
    const suspension = { ...why, since: at(0), until: at(6 * 3_600_000), content: workload.content };
    const { status } = told;
    this.told.set(`shop/deployment-${name}`, {
      ...told,
      status: { ...status, applying: { ...status?.applying, suspension } },
    });
  }

  /** What was told of a workload. */
  of(name: string, namespace = 'shop'): NonNullable<Told['status']> {
    return this.told.get(`${namespace}/deployment-${name}`)?.status ?? {};
  }

  statusOf(name: string): NonNullable<Policy['status']> {
    return this.policies.find(({ metadata }) => metadata.name === name)?.status ?? {};
  }

  condition(type: string, policy = 'web') {
    return this.statusOf(policy).conditions?.find((condition) => condition.type === type);
  }

  /** All that one operator knows; another one begins with nothing but what is in the cluster. */
  operator(): PassContext {
    const settings = operatorSettings({ env: this.#env, argv: [] });
    const cluster = new Cluster(this.#caches(), OWN_NAMESPACE);
    const recommendations = {
      get: (namespace: string | undefined, name: string) => this.told.get(`${namespace ?? ''}/${name}`),
      list: () => [...this.told.values()],
    };
    const stop = () => stopOf(cluster, settings);
    const event: PassContext['event'] = (of, draft) => void this.events.push({ ...draft, of: of.metadata.name });
    const gate = createGate({
      settings,
      stop,
      recommendations,
      proof: () => Promise.resolve(undefined),
      registry: new Registry(),
      now: () => this.now,
    });
    const writer = { apply: this.#apply, patch: this.#patch };
    const context = {
      writers: { Deployment: writer, StatefulSet: writer, DaemonSet: writer },
      turns: new Turns(),
      leftovers: new Leftovers({ event, conflictHoldoff: settings.conflictHoldoff, now: () => this.now }),
      statuses: { apply: this.#writeStatus },
      cluster,
      coverage: new Coverage(),
      evaluateSoon: (key: string, afterMs?: number) => void this.soon.push({ key, afterMs }),
      usage: {
        collectors: { prometheus: this.#collector('prometheus'), 'metrics-server': this.#collector('metrics-server') },
        demand: { set: () => undefined, delete: () => undefined },
        waits: new UsageWaits({ now: () => this.now, after: this.#after }),
      },
      reports: { ...recommendations, create: this.#create, patch: this.#tell },
      constraintsOf: ({ replicas }: Workload) => ({ limitRanges: [], quotas: [], replicas, largestNode: {} }),
      holdsOn: () => this.holds,
      ofPods: (workload: string) => this.ofPods.get(workload),
      rollback: createRollback({ podsOf: () => this.pods, event, lookAgain: () => undefined, settings }),
      inEffect: () => new Set<string>(),
      minSamples: 10,
      recommending: { memoryHeadroom: 0.15, minChange: 0.05, staleAfter: 3600 },
      webhookReady: () => true,
      stop,
      permissions: settings,
      conflictHoldoff: settings.conflictHoldoff,
      gate,
      event,
      now: () => this.now,
    };
    return context as unknown as PassContext;
  }

  #caches(): ClusterCaches {
    const namespaces = () =>
      [...this.namespaces, [OWN_NAMESPACE, {}] as const].map(([name, labels]) => ({
        metadata: {
          name,
          labels,
          ...(this.isPaused && name === OWN_NAMESPACE ? { annotations: { 'optipod.io/paused': 'true' } } : {}),
        },
      }));
    const caches = {
      policies: cache(() => this.policies.map((policy) => this.#read(policy))),
      namespaces: cache(namespaces),
      workloads: { Deployment: cache(() => this.workloads), StatefulSet: cache(() => []), DaemonSet: cache(() => []) },
    };
    return caches as unknown as ClusterCaches;
  }

  /** As the cache does it, once for each object. */
  #read(policy: Policy): StoredPolicy {
    let stored = this.#stored.get(policy);
    if (!stored) this.#stored.set(policy, (stored = readPolicy(policy)));
    return stored;
  }

  #collector(provider: string) {
    const usage = () => ({
      cpu: usageOf('cpu', [this.cpu], DAY, this.now / 1000),
      memory: usageOf('memory', [this.memory], DAY, this.now / 1000),
      memoryPeak: { bytes: this.memory, at: this.now / 1000 },
    });
    return {
      failureOf: () => this.failure,
      usageOf: usage,
      coveredTo: () => Math.floor(this.now / 1000),
      isCovered: () => !this.slow.has(provider),
      whenCovered: () =>
        this.slow.has(provider)
          ? new Promise<void>((resolve) => {
              this.#waiting.set(provider, [...(this.#waiting.get(provider) ?? []), resolve]);
            })
          : Promise.resolve(),
    };
  }

  readonly #writeStatus = (body: unknown): Promise<void> => {
    const { metadata, status } = body as Policy;
    this.policies = this.policies.map((one) =>
      one.metadata.uid === metadata.uid ? { ...one, ...(status ? { status } : {}) } : one,
    );
    this.statuses.push(metadata.name);
    return Promise.resolve();
  };

  readonly #after = (_: number, fire: () => void): (() => void) => {
    this.#timers.add(fire);
    return () => void this.#timers.delete(fire);
  };

  readonly #apply = (body: unknown, { fieldManager, force }: WriteOptions): Promise<Pick<KubeObject, 'metadata'>> => {
    const { metadata, spec } = body as KubeObject & Partial<Template>;
    if (spec) return this.#template(metadata, [fieldManager, 'Apply'], spec, force);
    this.#edit(metadata.name, (one) => annotated(one, metadata.annotations));
    return Promise.resolve({ metadata });
  };

  readonly #patch = (
    metadata: { readonly name: string },
    body: unknown,
    { fieldManager, type }: WriteOptions,
  ): Promise<Pick<KubeObject, 'metadata'>> => {
    if (type !== 'json') {
      return this.#template(metadata, [fieldManager, 'Update'], (body as Required<Template>).spec);
    }
    this.fieldsOf(metadata.name).release(body as JsonPatchOperation[]);
    this.#written(metadata.name);
    return Promise.resolve({ metadata: this.#named(metadata.name).metadata });
  };

  async #template(
    { name }: { readonly name: string },
    by: Speaker,
    { template }: Required<Template>['spec'],
    force = true,
  ): Promise<Pick<KubeObject, 'metadata'>> {
    this.whileWriting(name);
    this.fieldsOf(name).write(by, template.spec.containers ?? [], force);
    this.#written(name);
    await this.beforeAnswer(name);
    return { metadata: this.#named(name).metadata };
  }

  /** Who says what in the template of a workload. */
  fieldsOf(name: string): TemplateFields {
    const fields = this.#fields.get(name) ?? new TemplateFields(this.#named(name).pod);
    this.#fields.set(name, fields);
    return fields;
  }

  /** Somebody writes to a template, by an update unless told otherwise. */
  edit(name: string, resources: object, manager = 'kubectl-edit'): void {
    this.fieldsOf(name).write([manager, 'Update'], [{ name: 'app', resources }]);
    this.#written(name);
  }

  /** What the container of a workload's template has. */
  resourcesIn(name: string): object | undefined {
    return this.#named(name).pod.containers[0]?.resources;
  }

  #written(name: string): void {
    const { pod, managers } = this.fieldsOf(name);
    this.#edit(name, (one) => ({ ...one, pod, managers }));
  }

  #named(name: string): Workload {
    const found = this.workloads.find(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }

  #edit(name: string, edit: (workload: Workload) => Workload): void {
    this.workloads = this.workloads.map((one) => (one.metadata.name === name ? edit(one) : one));
  }

  readonly #create = (object: Told): Promise<Told> => {
    const { name, namespace = '' } = object.metadata;
    const created = { ...object, metadata: { ...object.metadata, uid: `told-${name}`, resourceVersion: '1' } };
    this.told.set(`${namespace}/${name}`, created);
    return Promise.resolve(created);
  };

  readonly #tell = ({ namespace = '', name }: ObjectRef, body: unknown): Promise<Told> => {
    const key = `${namespace}/${name}`;
    const changed = applyPatch(this.told.get(key), body as JsonPatchOperation[]) as Told;
    this.told.set(key, changed);
    return Promise.resolve(changed);
  };
}

interface Template {
  readonly spec?: { readonly template: { readonly spec: Partial<PodSpec> } };
}

interface WriteOptions {
  readonly fieldManager: string;
  readonly type?: string;
  readonly force?: boolean;
}

function annotated(workload: Workload, annotations: Labels | undefined): Workload {
  const { annotations: _, ...rest } = workload.metadata;
  return { ...workload, metadata: { ...rest, ...(annotations ? { annotations } : {}) } };
}

function cache(
  objects: () => readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[],
) {
  return {
    list: (namespace?: string) =>
      objects().filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    get: (namespace: string | undefined, name: string) =>
      objects().find(
        ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
      ),
  };
}
