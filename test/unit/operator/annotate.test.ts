import { expect } from 'chai';
import type { ManagedFieldsEntry, ObjectMeta } from 'optipod/kube';
import { writeAnnotations } from 'optipod/lib/api';
import { annotationsFor } from 'optipod/lib/recommend';
import { ApiError, type EventDraft } from '../../../operator/runtime/index.js';
import { annotate, type WorkloadWriters } from '../../../operator/workloads/annotate.js';
import { Leftovers } from '../../../operator/workloads/leftovers.js';
import type { Workload } from '../../../operator/workloads/workload.js';
import { policyOf } from '../lib/policies.js';

const HOUR_MS = 3_600_000;
const OPTIPOD = 'optipod-metadata';
const OTHERS = { 'team.example.com/owner': 'a', 'optipod.io/ignore-containers': 'side', 'optipod.io/ignore': 'false' };

interface PatchBody {
  readonly metadata: Pick<ObjectMeta, 'uid' | 'resourceVersion'> & {
    readonly annotations: Readonly<Record<string, string | null>>;
  };
}

/** One workload whose annotations several managers say, and kube-apiserver. */
class World {
  readonly asked: ('apply' | 'patch')[] = [];
  readonly events: EventDraft[] = [];
  now = Date.parse('2026-03-01T12:00:00Z');
  policy: ReturnType<typeof policyOf> | undefined = policyOf({ updateStrategy: { updateRequestsOnly: true } });
  /** What happens right after an apply. */
  afterApply: () => void = () => undefined;
  readonly leftovers = new Leftovers({
    event: (_, event) => this.events.push(event),
    conflictHoldoff: 6 * HOUR_MS,
    now: () => this.now,
  });
  #annotations: Readonly<Record<string, string>> = {};
  /** By key. */
  readonly #managers = new Map<string, Set<string>>();
  #version = 1;

  get annotations() {
    return this.#annotations;
  }

  /** Says it, whoever said it before. */
  say(manager: string, annotations: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(annotations)) {
      const others = this.#annotations[key] === value ? (this.#managers.get(key) ?? []) : [];
      this.#managers.set(key, new Set([...others, manager]));
    }
    this.#become({ ...this.#annotations, ...annotations });
  }

  async pass(): Promise<boolean> {
    const { leftovers, policy } = this;
    const workload = {
      kind: 'Deployment',
      metadata: this.#metadata(),
      pod: { containers: [{ name: 'app' }] },
    } as Pick<Workload, 'kind' | 'metadata' | 'pod'> as Workload;
    const writers = { Deployment: this.#writer } as unknown as WorkloadWriters;
    return annotate({ writers, leftovers }, workload, annotationsFor({ policy, workload }));
  }

  readonly #writer: WorkloadWriters['Deployment'] = {
    apply: (body) => {
      this.asked.push('apply');
      const said = body.metadata.annotations ?? {};
      const owned = [...this.#managers].filter(([key, managers]) => managers.has(OPTIPOD) && !(key in said));
      for (const [key, managers] of owned) {
        managers.delete(OPTIPOD);
        if (managers.size === 0) this.#remove(key);
      }
      this.say(OPTIPOD, said);
      const metadata = this.#metadata();
      this.afterApply();
      return Promise.resolve({ metadata });
    },
    patch: (_, body) => {
      this.asked.push('patch');
      const { uid, resourceVersion, annotations } = (body as PatchBody).metadata;
      if (uid !== 'web-uid' || resourceVersion !== String(this.#version)) {
        return Promise.reject(new ApiError('patch', 409, { kind: 'Status', reason: 'Conflict' }));
      }
      for (const [key, value] of Object.entries(annotations)) if (value === null) this.#remove(key);
      return Promise.resolve({ metadata: this.#metadata() });
    },
  };

  #remove(key: string): void {
    this.#managers.delete(key);
    this.#become(Object.fromEntries(Object.entries(this.#annotations).filter(([other]) => other !== key)));
  }

  #become(annotations: Readonly<Record<string, string>>): void {
    this.#annotations = annotations;
    this.#version += 1;
  }

  #metadata() {
    const said = new Map<string, Record<string, object>>();
    for (const [key, managers] of this.#managers) {
      for (const manager of managers) said.set(manager, { ...said.get(manager), [`f:${key}`]: {} });
    }
    const managedFields = [...said].map(([manager, keys]): ManagedFieldsEntry => ({
      manager,
      fieldsV1: { 'f:metadata': { 'f:annotations': keys } },
    }));
    return {
      name: 'web',
      namespace: 'shop',
      uid: 'web-uid',
      resourceVersion: String(this.#version),
      creationTimestamp: '2026-03-01T12:00:00Z',
      annotations: this.#annotations,
      managedFields,
    };
  }
}

describe('annotations of OptiPod that somebody else wrote', () => {
  /** As the YAML of another workload has them. */
  const copied = writeAnnotations({
    policy: { namespace: 'shop', name: 'web', uid: 'uid-web' },
    lastRecommendation: '2026-03-01T12:00:00Z',
    strategy: 'webhook',
    containers: new Map([['app', { requests: { cpu: '200m' }, limits: { cpu: '220m' } }]]),
  });
  const limits = (world: World) => Object.keys(world.annotations).filter((key) => key.includes('-limit'));
  const madeOfCopy = () => {
    const world = new World();
    world.say('kubectl-create', { ...copied, ...OTHERS });
    return world;
  };

  it('B-ANN-3 disappear where they are no longer said: the webhook is told of no limit that is not managed', async () => {
    const world = madeOfCopy();
    expect(limits(world)).to.have.length(2);
    expect(await world.pass()).to.equal(true);
    expect(limits(world)).to.deep.equal([]);
    expect(world.annotations).to.include({ ...OTHERS, 'optipod.io/cpu-request.app': '200m' });
    expect(await world.pass()).to.equal(false);
    expect(world.asked).to.deep.equal(['apply', 'patch']);
  });

  it('B-ANN-5 disappear with the policy, all of them, and nobody else’s', async () => {
    const world = madeOfCopy();
    world.policy = undefined;
    await world.pass();
    expect(world.annotations).to.deep.equal(OTHERS);
    expect(await world.pass()).to.equal(false);
    expect(world.asked).to.deep.equal(['apply', 'patch']);
    expect(world.events).to.deep.equal([]);
  });

  it('B-FRM-2 disappear where the operator ended in between, and not where somebody wrote in between', async () => {
    const world = madeOfCopy();
    world.afterApply = () => {
      throw new Error('killed');
    };
    await world.pass().catch(() => undefined);
    expect(limits(world)).to.have.length(2);
    world.afterApply = () => world.say('somebody', { 'team.example.com/owner': 'b' });
    for (let times = 0; times < 3; times += 1) {
      const error = await world.pass().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ApiError).and.to.include({ code: 409 });
      expect(limits(world)).to.have.length(2);
    }
    world.afterApply = () => undefined;
    await world.pass();
    expect(limits(world)).to.deep.equal([]);
  });

  it('B-GIT-3 are left, for hours, to who puts them back twice within an hour, and he is named', async () => {
    const world = madeOfCopy();
    const sync = async (minutes: number) => {
      world.now += minutes * 60_000;
      world.say('argocd-controller', { 'optipod.io/cpu-limit.app': '220m' });
      await world.pass();
      return limits(world).length;
    };
    await world.pass();
    expect(await sync(3)).to.equal(0);
    const [event, ...more] = world.events;
    expect(event).to.include({ type: 'Warning', reason: 'SSAConflict' });
    expect(event?.message).to.match(/^argocd-controller puts back .*: optipod.io\/cpu-limit.app;/);
    const asked = world.asked.length;
    for (let times = 0; times < 100; times += 1) expect(await sync(3)).to.equal(1);
    expect(world.asked).to.have.length(asked);
    expect(more).to.deep.equal([]);
    // What is to be said is said all the same, and what else is no longer said disappears.
    world.policy = undefined;
    await world.pass();
    expect(world.annotations).to.deep.equal({ ...OTHERS, 'optipod.io/cpu-limit.app': '220m' });
    world.now += 6 * HOUR_MS;
    await world.pass();
    expect(world.annotations).to.deep.equal(OTHERS);
  });
});
