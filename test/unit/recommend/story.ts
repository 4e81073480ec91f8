import { expect } from 'chai';
import type { PodSpec } from 'optipod/kube';
import type { ContainerResources } from 'optipod/lib/api';
import {
  appliedWith,
  authoredMemory,
  contested,
  gradualInTemplate,
  letGo,
  originalsOf,
  resourceManagers,
  templatePlan,
  templateSpec,
  type ApplyingState,
  type TemplateWorkload,
} from 'optipod/lib/apply';
import {
  annotationsFor,
  freshRecommendations,
  recommendWorkload,
  withoutSteps,
  type GradualState,
} from 'optipod/lib/recommend';
import { managedFieldsOf } from '../lib/managed-fields.js';
import { policyOf } from '../lib/policies.js';
import { GIBI, NOW, usageOf } from './inputs.js';

/** What becomes of one pass. */
export type Fate = 'applied' | 'refused' | 'ended before it was told';

const policyWith = (strategy: 'ssa' | 'webhook') =>
  policyOf({
    mode: 'Auto',
    updateStrategy: { strategy, gradualDecreaseConfig: { enabled: true } },
    metricsConfig: { provider: 'prometheus', safetyFactor: 1 },
    resourceBounds: { cpu: { min: '1m', max: '8' }, memory: { min: '64Mi', max: '8Gi' } },
  });

/** One workload of 2Gi that uses less, pass after pass, as the operator goes about it. */
export class Story {
  strategy: 'ssa' | 'webhook' = 'ssa';
  /** Bytes. */
  used = GIBI;
  workload: TemplateWorkload & { readonly content: string };
  applying: ApplyingState = {};
  states: ReadonlyMap<string, GradualState> = new Map();
  /** Seconds since 1970. */
  now = NOW;

  constructor() {
    const pod: PodSpec = { containers: [{ name: 'web', resources: { requests: { memory: '2Gi' } } }] };
    this.workload = { metadata: {}, pod, managers: [], content: '' };
  }

  /** What new pods have. */
  get memory(): string {
    const template = String(this.workload.pod.containers[0]?.resources?.requests?.memory);
    return this.workload.metadata.annotations?.['optipod.io/memory-request.web'] ?? template;
  }

  /** Somebody says something else in the template. */
  edit(memory: string): void {
    const pod: PodSpec = { containers: [{ name: 'web', resources: { requests: { memory } } }] };
    this.workload = { ...this.workload, pod, managers: [], content: memory };
  }

  pass(fate: Fate, stepInEffect = true): void {
    const { gradual, applying } = this.#standing();
    const policy = policyWith(this.strategy);
    const result = recommendWorkload({
      policy,
      workload: this.workload,
      usage: new Map([['web', { memory: usageOf('memory', [this.used], 86_400, this.now) }]]),
      minSamples: 1,
      now: this.now,
      settings: { memoryHeadroom: 0, minChange: 0, staleAfter: Infinity },
      authored: authoredMemory(applying, this.workload),
      gradual,
      inEffect: new Set(stepInEffect ? ['web'] : []),
    });
    const fresh = freshRecommendations(result);
    const isThere = this.strategy === 'webhook' || this.#apply(fresh.containers, applying, fate);
    if (fate === 'ended before it was told') return;
    const told = isThere ? result : withoutSteps(result, gradual);
    this.states = new Map(
      told.containers.flatMap(({ name, memory }) => (memory.gradual ? [[name, memory.gradual] as const] : [])),
    );
    const annotations = annotationsFor({ policy, workload: this.workload, fresh });
    this.workload = { ...this.workload, metadata: { annotations } };
  }

  /** Where the decrease is, and what is remembered of the template. */
  #standing() {
    const { now, states, workload } = this;
    if (this.strategy === 'webhook') {
      this.workload = { ...workload, managers: [] };
      this.applying = letGo(this.applying, now);
      return { gradual: states, applying: this.applying };
    }
    const rest = { updateRequestsOnly: true, policy: '', holdoff: 1, suspension: undefined };
    const { applying, told } = contested({ applying: this.applying, workload, now, ...rest });
    expect(told).to.equal(undefined);
    return { gradual: gradualInTemplate(states, applying, workload), applying };
  }

  /** @returns whether the template says all that it is to say */
  #apply(fresh: ContainerResources, applying: ApplyingState, fate: Fate): boolean {
    const { workload, now } = this;
    const plan = templatePlan({ workload, updateRequestsOnly: true, fresh, by: 'apply' });
    const isThere = fate !== 'refused' || plan.changes.length === 0;
    this.applying =
      plan.changes.length > 0 && isThere ? { ...applying, originals: originalsOf(applying, workload) } : applying;
    if (!plan.isNews || !isThere) return isThere;
    const { template } = templateSpec(plan.amounts) as { template: { spec: PodSpec } };
    const time = new Date(now * 1000).toISOString();
    const managed = managedFieldsOf(plan.amounts).map((entry) => ({ ...entry, time }));
    this.workload = { ...workload, pod: template.spec, managers: resourceManagers(managed) };
    if (fate === 'applied') {
      this.applying = { ...this.applying, applied: appliedWith(this.applying, workload, plan.amounts) };
    }
    return true;
  }
}
