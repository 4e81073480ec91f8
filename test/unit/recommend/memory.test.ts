import { expect } from 'chai';
import type { GradualState } from 'optipod/lib/recommend';
import { GIBI, MEBI, NOW, recommended, told, type Given } from './inputs.js';

const peak = (mebibytes: number) => ({ memoryPeak: { bytes: mebibytes * MEBI, at: NOW - 864_000 } });
const killed = (mebibytes: number) => ({ oomKill: { pod: 'web-3', at: NOW - 60, bytes: mebibytes * MEBI } });
const memory = (given: Given) => recommended({ resource: 'memory', ...given });

describe('memory safety', () => {
  const resources = { requests: { memory: '2Gi' } };

  it('B-REC-5 is never below the highest working set remembered, plus headroom', () => {
    const result = memory({ values: [100 * MEBI], resources, usage: peak(1000) });
    expect(result.request).to.equal('1150Mi');
    const step = result.steps.find((one) => one.step === 'MemoryFloor');
    expect(step).to.deep.include({ headroom: 0.15, ignored: false });
    expect(step).to.deep.include({ cause: { was: 'used', bytes: 1000 * MEBI, at: NOW - 864_000 } });
    expect(memory({ values: [...Array<number>(23).fill(10 * MEBI), 800 * MEBI], resources }).request).to.equal('920Mi');
  });

  it('B-REC-5 nor below what a container was OOM-killed at, plus headroom', () => {
    const strategy = { updateRequestsOnly: false };
    const small = { requests: { memory: '128Mi' }, limits: { memory: '256Mi' } };
    const result = memory({ values: [100 * MEBI], resources: small, strategy, usage: killed(256) });
    expect(result).to.include({ request: '295Mi', limit: '325Mi' });
  });

  it('B-REC-5 the limit after an OOM kill is above what it died at, even where the request may not follow', () => {
    const strategy = { updateRequestsOnly: false, limitConfig: { memoryLimitMultiplier: 1 } };
    const small = { requests: { memory: '128Mi' }, limits: { memory: '256Mi' } };
    const bounds = { memory: { min: '64Mi', max: '200Mi' } };
    const result = memory({ values: [100 * MEBI], resources: small, strategy, bounds, usage: killed(256) });
    expect(result).to.include({ request: '200Mi', limit: '295Mi' });
  });

  it('B-REC-5 with limits left alone an OOM kill is capped by the limit, and both are said', () => {
    const small = { requests: { memory: '128Mi' }, limits: { memory: '256Mi' } };
    const result = memory({ values: [100 * MEBI], resources: small, usage: killed(256) });
    expect(result).to.include({ request: '256Mi' }).and.not.to.have.property('limit');
    expect(result.steps.at(-1)).to.deep.include({ step: 'CappedByLimit', killedAt: 256 * MEBI, value: 256 * MEBI });
  });

  it('B-REC-5 allowUnsafeMemoryDecrease takes the recommendation as it is, and says what it goes below', () => {
    const strategy = { allowUnsafeMemoryDecrease: true };
    const result = memory({ values: [100 * MEBI], resources, strategy, usage: { ...peak(1000), ...killed(900) } });
    expect(result.request).to.equal('120Mi');
    expect(result.steps.find((one) => one.step === 'MemoryFloor')).to.include({ ignored: true });
  });

  it('B-REC-5 an increase is never held back', () => {
    const gradual = { gradualDecreaseConfig: { enabled: true } };
    const state = { original: 2 * GIBI, value: 2 * GIBI, at: NOW };
    const result = memory({ values: [3 * GIBI], resources, strategy: gradual, rest: { gradual: state } });
    expect(result.request).to.equal('3687Mi');
    expect(result).not.to.have.property('hold');
  });

  it('B-REC-5 a floor forgotten with its window comes down with it', () => {
    expect(memory({ values: [100 * MEBI], resources }).request).to.equal('120Mi');
  });

  it('B-REC-5 the floor does not feed on itself: what follows from it changes nothing again', () => {
    const small = { requests: { memory: '128Mi' }, limits: { memory: '256Mi' } };
    const strategy = { updateRequestsOnly: false };
    const given = { values: [100 * MEBI], resources: small, strategy, usage: killed(256) };
    const { request = '', limit = '' } = memory(given);
    const standing = { requests: { memory: request }, limits: { memory: limit } };
    expect(memory({ ...given, rest: { standing } })).to.include({ request, limit });
  });
});

describe('gradual decrease of memory', () => {
  const enabled = (config: object = {}) => ({ gradualDecreaseConfig: { enabled: true, ...config } });
  const towards = (gibibytes: number, given: Given = {}) =>
    memory({
      values: [gibibytes * GIBI],
      metrics: { safetyFactor: 1 },
      settings: { memoryHeadroom: 0 },
      resources: { requests: { memory: '2Gi' } },
      strategy: enabled(),
      ...given,
    });
  const after = (state: GradualState | undefined, seconds: number, inEffect = true) => ({
    gradual: state,
    stepInEffect: inEffect,
    now: (state?.at ?? NOW) + seconds,
    settings: { memoryHeadroom: 0, minChange: 0.05, staleAfter: Infinity },
  });

  it('B-REC-6 2Gi towards 1Gi at 10 %: 1844Mi, 1660Mi, 1494Mi, … 1Gi', () => {
    const steps: (string | undefined)[] = [];
    let state: GradualState | undefined;
    for (let i = 0; i < 9; i += 1) {
      const step = towards(1, { rest: after(state, state ? 300 : 0) });
      steps.push(step.request);
      state = step.gradual;
    }
    expect(steps).to.deep.equal(['1844Mi', '1660Mi', '1494Mi', '1345Mi', '1211Mi', '1090Mi', '1Gi', '1Gi', '1Gi']);
    expect(state).to.include({ original: 2 * GIBI, value: GIBI });
  });

  it('B-REC-6 a decrease under the threshold is made at once, one of the threshold in steps', () => {
    const to = (mebibytes: number) =>
      towards(mebibytes / 1024, { resources: { requests: { memory: '512Mi' } } }).request;
    expect(to(413)).to.equal('413Mi');
    expect(to(412)).to.equal('461Mi');
  });

  it('B-REC-6 never below original × (1 − maximumTotalDecrease)', () => {
    const state = { original: 2 * GIBI, value: 700 * MEBI, at: NOW };
    const rest = after(state, 300);
    expect(towards(0.25, { rest }).request).to.equal('615Mi');
    const rested = towards(0.25, { rest: after({ ...state, value: 615 * MEBI }, 300) });
    expect(rested.request).to.equal('615Mi');
    expect(rested.steps.find((one) => one.step === 'GradualDecrease')).to.include({ does: 'rests' });
    expect(towards(0.25, { strategy: enabled({ minimumDecreaseThreshold: '8Gi' }) }).request).to.equal('615Mi');
  });

  it('B-REC-6 a step comes an interval after the one before, and only once that one is in effect', () => {
    const first = towards(1);
    const standing = { requests: { memory: '1844Mi' } };
    const next = (seconds: number, inEffect: boolean) =>
      towards(1, { rest: { ...after(first.gradual, seconds, inEffect), standing } });
    expect(next(299, true)).to.deep.include({ request: '1844Mi', gradual: first.gradual });
    expect(next(3000, false)).to.deep.include({ request: '1844Mi', gradual: first.gradual });
    expect(next(300, true).request).to.equal('1660Mi');
    expect(next(299, true).steps.find((one) => one.step === 'GradualDecrease')).to.include({ does: 'waits' });
  });

  it('B-REC-6 a step that is lost on the way is made again, not skipped', () => {
    const state = { original: 2 * GIBI, value: 1844 * MEBI, at: NOW };
    const standing = { requests: { memory: '1660Mi' } };
    expect(towards(1, { rest: { ...after(state, 300), standing } }).request).to.equal('1660Mi');
  });

  it('B-REC-6 the original is what the template says now once a user edited it', () => {
    const state = { original: 2 * GIBI, value: 1844 * MEBI, at: NOW };
    const resources = { requests: { memory: '4Gi' } };
    const edited = towards(1, {
      resources,
      rest: { ...after(state, 300), standing: { requests: { memory: '1844Mi' } } },
    });
    expect(edited).to.include({ request: '1660Mi' });
    expect(edited.gradual).to.include({ original: 4 * GIBI });
    const waiting = towards(1, { resources, rest: after(state, 10) });
    expect(waiting.gradual, 'an edit hastens nothing').to.include({ at: NOW });
  });

  it('B-REC-6 what OptiPod wrote into the template itself is no edit, under ssa or since it is the webhook', () => {
    const state = { original: 2 * GIBI, value: 1660 * MEBI, at: NOW };
    const resources = { requests: { memory: '1660Mi' } };
    // Where the author said nothing, the first thing that OptiPod wrote is what it is counted from.
    for (const authored of [{ requests: { memory: '2Gi' } }, {}]) {
      for (const strategy of ['ssa', 'webhook']) {
        const rest = { ...after(state, 300), authored };
        const step = towards(1, { strategy: { strategy, ...enabled() }, resources, rest });
        expect(step).to.include({ request: '1494Mi' });
        expect(step.gradual).to.include({ original: 2 * GIBI });
      }
    }
  });

  it('B-REC-6 a held step is not counted as made', () => {
    const state = { original: 2 * GIBI, value: 1844 * MEBI, at: NOW };
    const holds = [{ reason: 'RolloutInProgress', message: 'a rollout is under way' }];
    expect(towards(1, { rest: { ...after(state, 300), holds } }).gradual).to.deep.equal(state);
    expect(towards(1, { rest: { holds } })).not.to.have.property('gradual');
  });

  it('B-REC-6 CPU, and memory without enabled, go down at once', () => {
    expect(towards(1, { strategy: {} }).request).to.equal('1Gi');
    const cpu = recommended({ values: [0.2], resources: { requests: { cpu: '2' } }, strategy: enabled() });
    expect(cpu.request).to.equal('240m');
    expect(told(cpu)).not.to.include('GradualDecrease');
  });

  it('B-REC-7 a small step towards a far target is made; a near final target is not worth it', () => {
    const slow = enabled({ memoryDecreasePercentage: 2 });
    expect(towards(1, { strategy: slow }).request).to.equal('2008Mi');
    const state = { original: 2 * GIBI, value: 1060 * MEBI, at: NOW };
    const near = towards(1, { rest: { ...after(state, 300), standing: { requests: { memory: '1060Mi' } } } });
    expect(near).to.deep.include({ request: '1060Mi', gradual: state });
    expect(near.hold).to.include({ reason: 'BelowThreshold' });
  });
});
