import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { validatorOf, type PodSpec, type QuantityValue } from 'optipod/kube';
import { WorkloadRecommendation } from 'optipod/lib/api';
import {
  annotationsFor,
  gradualStates,
  HOLD_REASONS,
  ONLY_RECOMMENDED,
  recommendationName,
  recommendWorkload,
  reportOf,
  saysSomethingNew,
  type Application,
  type WorkloadInput,
  type WorkloadReport,
} from 'optipod/lib/recommend';
import { pool, type ContainerUsage } from 'optipod/lib/usage';
import type { WorkloadRecommendation as Stored } from '../../../imports/types/workload-recommendation.js';
import { policyOf } from '../lib/policies.js';
import { MEBI, NOW, usageOf } from './inputs.js';

const METADATA = { name: 'web', namespace: 'shop', uid: 'uid-of-web' };
const APPLIED: Application = { applied: true, reason: 'ThroughWebhook', message: 'new pods get what is recommended' };

interface Case {
  readonly pod?: PodSpec;
  readonly usage?: Readonly<Record<string, ContainerUsage>>;
  readonly spec?: object;
  readonly application?: Application;
  readonly before?: Stored;
  readonly more?: Partial<WorkloadInput>;
}

const asked = (cpu: QuantityValue, memory: QuantityValue): PodSpec => ({
  containers: [{ name: 'web', resources: { requests: { cpu, memory } } }],
});
const used = (cores: number, mebibytes: number): ContainerUsage => ({
  cpu: usageOf('cpu', [cores]),
  memory: usageOf('memory', [mebibytes * MEBI]),
});

function report({
  pod = asked('100m', '128Mi'),
  usage = { web: used(0.2, 400) },
  spec,
  application,
  before,
  more,
}: Case = {}): WorkloadReport {
  const policy = policyOf(spec ?? {});
  const result = recommendWorkload({
    policy,
    workload: { metadata: {}, pod },
    usage: new Map(Object.entries(usage)),
    minSamples: 10,
    now: NOW,
    settings: { memoryHeadroom: 0.15, minChange: 0.05, staleAfter: 900 },
    ...more,
  });
  return reportOf({
    policy,
    workload: { kind: 'Deployment', metadata: METADATA },
    result,
    application: application ?? ONLY_RECOMMENDED,
    before,
    now: NOW,
  });
}

const stored = (told: WorkloadReport): Stored => ({
  ...told,
  metadata: { ...told.metadata, uid: 'u', resourceVersion: '1', creationTimestamp: '' },
});

const conditionsOf = ({ status }: WorkloadReport) =>
  Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: is, reason, message }) => [type, { is, reason, message }]),
  );
const stepsOf = (told: WorkloadReport, resource: 'cpu' | 'memory') =>
  (told.status.containers?.[0]?.[resource]?.steps ?? []).map(({ step, value, message }) =>
    [step, value, message].filter((one) => one !== undefined).join(' | '),
  );

describe('what is told of a workload', () => {
  it('B-OBS-1 is named after the workload and owned by it, blocking nobody', () => {
    const { metadata, spec } = report();
    expect(metadata).to.deep.equal({
      name: 'deployment-web',
      namespace: 'shop',
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-of-web', blockOwnerDeletion: false },
      ],
    });
    expect(spec).to.deep.equal({
      workload: { kind: 'Deployment', name: 'web', uid: 'uid-of-web' },
      policy: { namespace: 'shop', name: 'web', uid: 'uid-web' },
    });
  });

  it('B-OBS-1 a name that passes 253 is a hash, another one for another workload', () => {
    const long = 'a'.repeat(250);
    const names = [recommendationName('StatefulSet', `${long}.b`), recommendationName('StatefulSet', `${long}.c`)];
    expect(new Set(names).size).to.equal(2);
    for (const name of names) expect(name).to.match(/^statefulset-[0-9a-f]{16}$/);
    expect(recommendationName('DaemonSet', 'a'.repeat(243))).to.have.lengthOf(253);
  });

  it('B-OBS-1 B-REC-8 every step between usage and the number, with why, for a newcomer', () => {
    const told = report();
    expect(stepsOf(told, 'cpu')).to.deep.equal([
      'Samples | 24 samples of all pods, at 24 instants over 23h',
      'Percentile | 200m | 90% of the samples are at or below this (metricsConfig.percentile is P90)',
      'SafetyFactor | 240m | times metricsConfig.safetyFactor, 1.2',
      'Rounding | 240m | in whole millicores',
    ]);
    expect(told.status.containers?.[0]?.cpu).to.deep.include({
      current: { request: '100m' },
      recommended: { request: '240m' },
      samples: 24,
      instants: 24,
      from: '2026-01-01T13:00:00Z',
      to: '2026-01-02T12:00:00Z',
    });
  });

  it('B-REC-5 B-REC-4 an OOM kill at a limit that is left alone', () => {
    const pod = {
      containers: [{ name: 'web', resources: { requests: { memory: '128Mi' }, limits: { memory: '256Mi' } } }],
    };
    const oomKill = { pod: 'web-7f-x', at: NOW - 3600, bytes: 256 * MEBI };
    const told = report({ pod, usage: { web: { ...used(0.2, 150), oomKill } } });
    expect(stepsOf(told, 'memory').slice(-3)).to.deep.equal([
      'MemoryFloor | 294.4Mi | web-7f-x was OOM-killed at 256Mi (2026-01-02T11:00:00Z); with a headroom of 15% that asks for 294.4Mi',
      'Rounding | 295Mi | in whole mebibytes',
      'CappedByLimit | 256Mi | 295Mi is wanted, but a request cannot be above its limit, and updateRequestsOnly leaves the limit at 256Mi, although a container was OOM-killed at 256Mi',
    ]);
    expect(conditionsOf(told).Recommended).to.include({ is: 'True', reason: 'CappedByLimit' });
  });

  it('B-REC-6 a step on the way down, and why it goes no further', () => {
    const spec = { updateStrategy: { gradualDecreaseConfig: { enabled: true } } };
    const first = report({ pod: asked('100m', '2Gi'), spec, usage: { web: used(0.2, 800) } });
    expect(stepsOf(first, 'memory').at(-1)).to.equal(
      'GradualDecrease | 1844Mi | a step from 2Gi towards 960Mi: at most 10% at a time',
    );
    const gradual = gradualStates(stored(first), METADATA.uid);
    expect([...gradual]).to.deep.equal([['web', { original: 2048 * MEBI, value: 1844 * MEBI, at: NOW }]]);
    const second = report({ pod: asked('100m', '2Gi'), spec, usage: { web: used(0.2, 800) }, more: { gradual } });
    expect(stepsOf(second, 'memory').at(-1)).to.equal(
      'GradualDecrease | 1844Mi | on the way from 1844Mi towards 960Mi: the next step comes an interval after the last one, once all pods have that',
    );
    expect(second.status.containers?.[0]?.gradualDecrease).to.deep.equal(first.status.containers?.[0]?.gradualDecrease);
  });

  it('B-REC-6 the state of a gradual decrease is not another workload’s, and none where it cannot be read', () => {
    const told = stored(report({ spec: { updateStrategy: { gradualDecreaseConfig: { enabled: true } } } }));
    expect(gradualStates(told, METADATA.uid).size).to.equal(1);
    expect(gradualStates(told, 'another').size).to.equal(0);
    expect(gradualStates(undefined, METADATA.uid).size).to.equal(0);
    const broken = {
      ...told,
      status: { containers: [{ name: 'web', gradualDecrease: { original: '2Gi', value: 'x', at: 'y' } }] },
    };
    expect(gradualStates(broken, METADATA.uid).size).to.equal(0);
  });

  it('B-OBS-1 reads as a row: now -> recommended of all containers, state, reason', () => {
    const row = (given: Case) => {
      const { workload, cpu, memory, state, reason } = report(given).status.summary ?? {};
      return [workload, cpu, memory, state, reason].join(' | ');
    };
    expect(row({})).to.equal('Deployment/web | 100m -> 240m | 128Mi -> 480Mi | Recommended | ModeRecommend');
    expect(row({ application: APPLIED })).to.equal(
      'Deployment/web | 100m -> 240m | 128Mi -> 480Mi | Applied | ThroughWebhook',
    );
    expect(row({ spec: { mode: 'Recommend' }, application: APPLIED }), 'by the mode').to.contain(
      '| Recommended | ModeRecommend',
    );
    const dryRun = { applied: false, reason: 'DryRun', message: 'would be applied' };
    expect(row({ application: dryRun })).to.equal(
      'Deployment/web | 100m -> 240m | 128Mi -> 480Mi | Recommended | DryRun',
    );
    const two = {
      containers: [...asked('100m', '128Mi').containers, { name: 'side', resources: { requests: { cpu: '1' } } }],
    };
    expect(row({ pod: two })).to.equal(
      'Deployment/web | 1100m -> 1240m | 128Mi -> 480Mi | Recommended | ModeRecommend',
    );
    expect(row({ pod: { containers: [{ name: 'web' }] } })).to.contain('| unset -> 240m | unset -> 480Mi |');
    expect(row({ usage: {} })).to.equal('Deployment/web | 100m -> ? | 128Mi -> ? | Held | NoData');
    const holds = [{ resource: 'cpu', reason: 'HeldByHPA', message: 'an HPA goes by it' }] as const;
    expect(row({ application: APPLIED, more: { holds } })).to.equal(
      'Deployment/web | 100m -> 240m (held) | 128Mi -> 480Mi | Applied | HeldByHPA',
    );
    expect(
      row({ pod: asked('239m', '480Mi'), more: { holds: [{ reason: 'HeldByVPA', message: 'one acts' }] } }),
    ).to.contain('| Held | HeldByVPA');
    expect(row({ pod: asked('239m', '481Mi') })).to.equal(
      'Deployment/web | 239m -> 239m | 481Mi -> 481Mi | Held | BelowThreshold',
    );
  });

  it('B-OBS-1 what pods get already is not shown as held, whatever holds it to that', () => {
    const pod = asked('100m', '128Mi');
    const requests = { cpu: '240m', memory: '480Mi' };
    const fresh = { at: '2026-01-02T11:00:00Z', containers: new Map([['web', { requests }]]) };
    const metadata = { annotations: annotationsFor({ policy: policyOf({}), workload: { metadata: {}, pod }, fresh }) };
    const hour = { web: { cpu: usageOf('cpu', [0.15], 3600), memory: usageOf('memory', [300 * MEBI], 3600) } };
    const told = report({ usage: hour, application: APPLIED, more: { workload: { metadata, pod } } });
    const { cpu, memory, state, reason } = told.status.summary ?? {};
    const row = ['100m -> 240m', '128Mi -> 480Mi', 'Applied', 'ShortHistory'];
    expect([cpu, memory, state, reason]).to.deep.equal(row);
    expect(conditionsOf(told).Applied).to.include({ is: 'True', reason: 'ShortHistory' });
  });

  it('B-OBS-1 conditions Recommended and Applied, with a reason for each refusal', () => {
    expect(conditionsOf(report({ usage: {} }))).to.deep.equal({
      Recommended: {
        is: 'False',
        reason: 'NoData',
        message:
          '0 of 2 amounts have a recommendation; web cpu: no cpu usage within the window (NoData); web memory: no memory usage within the window (NoData)',
      },
      Applied: {
        is: 'False',
        reason: 'NoData',
        message:
          'nothing is applied; web cpu: no cpu usage within the window (NoData); web memory: no memory usage within the window (NoData)',
      },
    });
    const part = conditionsOf(report({ usage: { web: { cpu: usageOf('cpu', [0.2]) } }, application: APPLIED }));
    expect(part.Recommended).to.include({ is: 'True', reason: 'NoData' });
    expect(part.Applied).to.deep.equal({
      is: 'True',
      reason: 'NoData',
      message: 'new pods get what is recommended; web memory: no memory usage within the window (NoData)',
    });
    expect(conditionsOf(report({ application: APPLIED }))).to.deep.equal({
      Recommended: { is: 'True', reason: 'Recommended', message: '2 of 2 amounts have a recommendation' },
      Applied: { is: 'True', reason: 'ThroughWebhook', message: 'new pods get what is recommended' },
    });
    expect(conditionsOf(report({ pod: asked('239m', '481Mi') })).Applied).to.include({
      is: 'False',
      reason: 'BelowThreshold',
    });
    const throttled = report({ usage: { web: { ...used(0.2, 400), throttledShare: 0.5 } } });
    expect(conditionsOf(throttled).Recommended).to.include({ is: 'True', reason: 'Throttled' });
  });

  it('B-OBS-1 every reason of the chain itself is explained in the reference', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/reasons.md'), 'utf8');
    const explained = [...page.matchAll(/^\| `([A-Za-z]+)`/gm)].map(([, reason]) => reason);
    const own = [...HOLD_REASONS, 'ModeRecommend'];
    expect(explained.slice(0, own.length)).to.deep.equal(own);
    expect(explained).to.have.length(new Set(explained).size);
  });

  it('B-OBS-1 a transition time moves only when the status flips; what was applied is remembered', () => {
    const first = report({ application: { ...APPLIED, at: NOW - 60 } });
    const old = {
      ...stored(first),
      status: {
        ...first.status,
        conditions:
          first.status.conditions?.map((one) => ({ ...one, lastTransitionTime: '2026-01-01T00:00:00Z' })) ?? [],
      },
    };
    const next = report({
      application: { applied: false, reason: 'DryRun', message: 'would be applied' },
      before: old,
    });
    const times = Object.fromEntries(
      (next.status.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    );
    expect(times).to.deep.equal({ Recommended: '2026-01-01T00:00:00Z', Applied: '2026-01-02T12:00:00Z' });
    expect(next.status.lastApplied).to.equal('2026-01-02T11:59:00Z');
  });

  it('B-ANN-2 when something was last applied never goes back: a new operator may know less', () => {
    const applied = (at: number): Application => ({ applied: true, reason: 'ResizedInPlace', message: '', at });
    const first = report({ application: applied(Date.parse('2026-01-02T11:00:00Z') / 1000) });
    const at = (seconds: number) => report({ application: applied(seconds), before: stored(first) }).status.lastApplied;
    expect(at(Date.parse('2026-01-02T10:00:00Z') / 1000)).to.equal('2026-01-02T11:00:00Z');
    expect(at(Date.parse('2026-01-02T12:00:00Z') / 1000)).to.equal('2026-01-02T12:00:00Z');
  });

  it('is what the schema of a WorkloadRecommendation takes, whatever there is to tell', () => {
    // A validator leaves the status to whoever writes it: here it is judged as if it were a spec.
    const { status: schema, ...resource } = WorkloadRecommendation;
    const validator = validatorOf(WorkloadRecommendation);
    const statusValidator = validatorOf({ ...resource, spec: schema ?? {} });
    expect(statusValidator.validate({ spec: { containers: [{}] } }, { unknownFields: 'ignore' })).to.have.lengthOf(1);
    const amount = fc.double({ min: 0, max: 1e3, noNaN: true });
    const container = fc.record({
      cpu: amount,
      memory: fc.double({ min: 1, max: 1e12, noNaN: true }),
      throttledShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(container, { maxLength: 120 }), fc.string({ maxLength: 3000 }), (containers, text) => {
        const usage = Object.fromEntries(
          containers.map(({ cpu, memory, throttledShare }, i) => [
            `c${String(i)}`,
            { cpu: usageOf('cpu', [cpu]), memory: usageOf('memory', [memory]), throttledShare },
          ]),
        );
        const pod = {
          containers: containers.map((_, i) => ({ name: `c${String(i)}`, resources: { limits: { memory: '1Gi' } } })),
        };
        const told = report({ pod, usage, more: { holds: [{ resource: 'cpu', reason: 'HeldByHPA', message: text }] } });
        const object = { apiVersion: 'optipod.io/v1alpha1', kind: 'WorkloadRecommendation', ...stored(told) };
        expect(validator.validate(object)).to.deep.equal([]);
        expect(statusValidator.validate({ ...object, spec: told.status, status: undefined })).to.deep.equal([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('news of a workload', () => {
  const base = report();
  const isNews = (given: Case) => saysSomethingNew(stored(base), report(given));

  it('B-OBS-1 is told first, and then not again', () => {
    expect(saysSomethingNew(undefined, base)).to.equal(true);
    expect(isNews({})).to.equal(false);
    expect(saysSomethingNew(JSON.parse(JSON.stringify(stored(base))) as Stored, report())).to.equal(false);
  });

  it('B-OBS-1 other samples at other instants, and amounts that move a little on the way to the same number, are none', () => {
    const more = pool([
      {
        namespace: 'shop',
        pod: 'web-2',
        container: 'web',
        resource: 'cpu',
        samples: Array.from({ length: 40 }, (_, i): [number, number] => [NOW - i * 2400, 0.1999]),
      },
    ]);
    const later = { cpu: more ?? usageOf('cpu', [1]), memory: usageOf('memory', [400 * MEBI]) };
    expect(report({ usage: { web: later } }).status.containers?.[0]?.cpu?.samples).to.equal(40);
    expect(isNews({ usage: { web: later } })).to.equal(false);
    const idle = (cores: number) => report({ usage: { web: { cpu: usageOf('cpu', [cores]) } } });
    expect(saysSomethingNew(stored(idle(0.0001)), idle(0.0003))).to.equal(false);
  });

  it('B-OBS-1 another number, another reason, another step, another policy are', () => {
    expect(isNews({ usage: { web: used(0.22, 400) } }), 'number').to.equal(true);
    expect(isNews({ usage: {} }), 'hold').to.equal(true);
    expect(isNews({ application: APPLIED }), 'state').to.equal(true);
    expect(isNews({ pod: asked('110m', '128Mi') }), 'current').to.equal(true);
    expect(isNews({ usage: { web: { ...used(0.2, 400), throttledShare: 0.2 } } }), 'step').to.equal(true);
    expect(isNews({ spec: { metricsConfig: { provider: 'prometheus', percentile: 'P99' } } }), 'wording').to.equal(
      false,
    );
    const other = report();
    expect(
      saysSomethingNew(stored(base), { ...other, spec: { ...other.spec, policy: { ...other.spec.policy, uid: 'x' } } }),
    ).to.equal(true);
  });

  it('B-OBS-1 what is refused of a resize and what goes on is news; amounts in the kubelet’s words are none', () => {
    const told = (message: string) => report({ application: { applied: false, reason: 'InProgress', message } });
    const isOther = (before: string, after: string) => saysSomethingNew(stored(told(before)), told(after));
    const refused = (bytes: number) => `1 of 1 pods: cannot decrease memory limits: below current usage (${bytes})`;
    expect(isOther('1 of 1 pods: being resized in place', refused(1))).to.equal(true);
    expect(isOther(refused(1), `${refused(1)}; all else that is recommended is in effect`)).to.equal(true);
    expect(isOther(refused(1), refused(2))).to.equal(false);
    expect(isOther('web-7d9f-x2x4z is not ready', 'web-7d9f-a7b8c is not ready')).to.equal(false);
  });

  it('B-OBS-1 lost ownership is news, others’ owners are not', () => {
    const orphan = stored({ ...base, metadata: { ...base.metadata, ownerReferences: [] } });
    expect(saysSomethingNew(orphan, base)).to.equal(true);
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'y' };
    const shared = stored({
      ...base,
      metadata: { ...base.metadata, ownerReferences: [owner, ...base.metadata.ownerReferences] },
    });
    expect(saysSomethingNew(shared, base)).to.equal(false);
  });

  it('B-OBS-1 what is held may drift without being told each time; far away is told', () => {
    const holds = [{ reason: 'HeldByHPA', message: 'an HPA goes by it' }];
    const held = (cores: number) => report({ usage: { web: used(cores, 400) }, more: { holds } });
    expect(saysSomethingNew(stored(held(0.2)), held(0.207))).to.equal(false);
    expect(saysSomethingNew(stored(held(0.2)), held(0.3))).to.equal(true);
  });
});
