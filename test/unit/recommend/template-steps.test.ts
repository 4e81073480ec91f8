import { expect } from 'chai';
import fc from 'fast-check';
import type { PodSpec } from 'optipod/kube';
import {
  appliedWith,
  contested,
  gradualInTemplate,
  originalsOf,
  resourceManagers,
  templatePlan,
  templateSpec,
  type ApplyingState,
  type TemplateWorkload,
} from 'optipod/lib/apply';
import { freshRecommendations, recommendWorkload, withoutSteps, type GradualState } from 'optipod/lib/recommend';
import { managedFieldsOf } from '../lib/managed-fields.js';
import { policyOf } from '../lib/policies.js';
import { GIBI, NOW, usageOf } from './inputs.js';

/** What becomes of one pass. */
type Fate = 'applied' | 'refused' | 'ended before it was told';

const policy = policyOf({
  mode: 'Auto',
  updateStrategy: { strategy: 'ssa', gradualDecreaseConfig: { enabled: true } },
  metricsConfig: { provider: 'prometheus', safetyFactor: 1 },
  resourceBounds: { cpu: { min: '1m', max: '8' }, memory: { min: '64Mi', max: '8Gi' } },
});

/** One workload of 2Gi that uses 1Gi, pass after pass, as the operator goes about it. */
class Story {
  workload: TemplateWorkload & { readonly content: string };
  applying: ApplyingState = {};
  states: ReadonlyMap<string, GradualState> = new Map();
  /** Seconds since 1970. */
  now = NOW;

  constructor() {
    const pod: PodSpec = { containers: [{ name: 'web', resources: { requests: { memory: '2Gi' } } }] };
    this.workload = { metadata: {}, pod, managers: [], content: '' };
  }

  get memory(): string {
    return String(this.workload.pod.containers[0]?.resources?.requests?.memory);
  }

  pass(fate: Fate, stepInEffect = true): void {
    const rest = { updateRequestsOnly: true, policy: '', holdoff: 1, isSuspended: false };
    const { workload, now } = this;
    const { applying, told: conflict } = contested({ applying: this.applying, workload, now, ...rest });
    expect(conflict).to.equal(undefined);
    const gradual = gradualInTemplate(this.states, applying, workload);
    const result = recommendWorkload({
      policy,
      workload,
      usage: new Map([['web', { memory: usageOf('memory', [GIBI], 86_400, now) }]]),
      minSamples: 1,
      now,
      settings: { memoryHeadroom: 0, minChange: 0.05, staleAfter: Infinity },
      gradual,
      inEffect: new Set(stepInEffect ? ['web'] : []),
    });
    const { containers } = freshRecommendations(result);
    const plan = templatePlan({ workload, updateRequestsOnly: true, fresh: containers, by: 'apply' });
    const isThere = fate !== 'refused' || plan.changes.length === 0;
    const remembered =
      plan.changes.length > 0 && isThere ? { ...applying, originals: originalsOf(applying, workload) } : applying;
    this.applying = remembered;
    if (plan.isNews && isThere) {
      const { template } = templateSpec(plan.amounts) as { template: { spec: PodSpec } };
      const time = new Date(now * 1000).toISOString();
      const managed = managedFieldsOf(plan.amounts).map((entry) => ({ ...entry, time }));
      this.workload = { ...workload, pod: template.spec, managers: resourceManagers(managed) };
    }
    if (fate === 'ended before it was told') return;
    const told = isThere ? result : withoutSteps(result, gradual);
    this.states = new Map(
      told.containers.flatMap(({ name, memory }) => (memory.gradual ? [[name, memory.gradual] as const] : [])),
    );
    if (plan.isNews && isThere)
      this.applying = { ...remembered, applied: appliedWith(remembered, workload, plan.amounts) };
  }
}

describe('gradual decreases in a template', () => {
  it('B-REC-6 go 2Gi, 1844Mi, 1660Mi, … 1Gi, a step an interval, and remember 2Gi', () => {
    const story = new Story();
    const seen = [];
    for (let pass = 0; pass < 8; pass += 1) {
      story.pass('applied');
      seen.push(story.memory);
      // Watches hasten nothing.
      story.now += 100;
      story.pass('applied');
      expect(story.memory).to.equal(seen.at(-1));
      story.now += 200;
    }
    expect(seen).to.deep.equal(['1844Mi', '1660Mi', '1494Mi', '1345Mi', '1211Mi', '1090Mi', '1Gi', '1Gi']);
    expect(story.applying.originals).to.deep.equal([{ name: 'web', memory: { request: '2Gi' } }]);
    expect(story.states.get('web')?.original).to.equal(2 * GIBI);
  });

  it('B-REC-6 wait until the step before is in effect', () => {
    const story = new Story();
    story.pass('applied');
    story.now += 300;
    story.pass('applied', false);
    expect(story.memory).to.equal('1844Mi');
  });

  it('B-REC-6 the same steps from the same original, whatever was refused, and wherever the operator ended', () => {
    const fate = fc.constantFrom<Fate>('applied', 'refused', 'ended before it was told');
    const steps = ['2Gi', '1844Mi', '1660Mi', '1494Mi', '1345Mi', '1211Mi', '1090Mi', '1Gi'];
    fc.assert(
      fc.property(fc.array(fc.tuple(fate, fc.integer({ min: 1, max: 600 })), { maxLength: 20 }), (passes) => {
        const story = new Story();
        let stepped = -Infinity;
        for (const [how, seconds] of passes) {
          const before = steps.indexOf(story.memory);
          story.pass(how);
          const after = steps.indexOf(story.memory);
          expect(after, story.memory).to.be.oneOf(how === 'refused' ? [before] : [before, before + 1]);
          if (after > before) {
            expect(story.now - stepped).to.be.at.least(300);
            stepped = story.now;
          }
          story.now += seconds;
        }
        const { originals } = story.applying;
        if (originals) expect(originals).to.deep.equal([{ name: 'web', memory: { request: '2Gi' } }]);
      }),
    );
  });
});
