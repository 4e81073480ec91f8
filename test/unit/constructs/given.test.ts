import { Cpu } from 'cdk8s-plus-28';
import { Duration, Lazy, Size } from 'cdk8s';
import { expect } from 'chai';
import fc from 'fast-check';
import { OptimizationPolicySpecResourceBoundsCpuMax as Imported } from '../../../imports/optipod.io.js';
import { durationText } from '../../../constructs/given.js';
import { parseDuration } from '../../../lib/kube/index.js';
import { web } from './policies.js';
import { synthPolicy } from './synth-policy.js';

describe('what the OptimizationPolicy construct takes', () => {
  it('is the classes of cdk8s and cdk8s-plus, too', () => {
    const { metricsConfig, resourceBounds, reconciliationInterval } = synthPolicy({
      ...web,
      metricsConfig: { provider: 'prometheus', rollingWindow: Duration.days(7) },
      resourceBounds: {
        cpu: { min: Cpu.millis(50), max: Cpu.units(4) },
        memory: { min: Size.mebibytes(64), max: Size.gibibytes(1.5) },
      },
      reconciliationInterval: Duration.minutes(90),
    }).spec;
    expect(metricsConfig).to.deep.equal({ provider: 'prometheus', rollingWindow: '7d' });
    expect(resourceBounds).to.deep.equal({ cpu: { min: '50m', max: '4' }, memory: { min: '64Mi', max: '1.5Gi' } });
    expect(reconciliationInterval).to.equal('1h30m');
  });

  it('is any object with an amount, and what cdk8s import makes of a quantity', () => {
    const cpu = { min: { amount: '50m' }, max: Imported.fromNumber(4) as unknown as string };
    const { resourceBounds } = synthPolicy({ ...web, resourceBounds: { ...web.resourceBounds, cpu } }).spec;
    expect(resourceBounds).to.have.property('cpu').that.deep.equals({ min: '50m', max: 4 });
  });

  it('may be lazy at every depth, and is asked for only at synthesis', () => {
    const produce = () => ({ min: Lazy.any({ produce: () => Size.mebibytes(64) }) as Size, max: '8Gi' });
    const resourceBounds = { cpu: web.resourceBounds.cpu, memory: Lazy.any({ produce }) as { min: Size; max: string } };
    const { spec } = synthPolicy({ ...web, resourceBounds });
    expect(spec.resourceBounds).to.have.property('memory').that.deep.equals({ min: '64Mi', max: '8Gi' });
  });

  it('leaves labels alone, whatever they are called', () => {
    const matchLabels = { amount: '4', value: 'x', asString: 'y', toMilliseconds: 'z' };
    const { spec } = synthPolicy({ ...web, selector: { workloadSelector: { matchLabels } } });
    expect(spec.selector).to.deep.equal({ workloadSelector: { matchLabels } });
  });

  it('knows CPU from memory, and one word from another', () => {
    const { resourceBounds, metricsConfig } = web;
    // Types alone: nothing here is synthesized.
    const never = () => {
      // @ts-expect-error CPU is no size
      synthPolicy({ ...web, resourceBounds: { ...resourceBounds, cpu: { min: Size.mebibytes(1), max: 4 } } });
      // @ts-expect-error a percentile that there is not
      synthPolicy({ ...web, metricsConfig: { ...metricsConfig, percentile: 'P95' } });
      // @ts-expect-error a duration is no number
      synthPolicy({ ...web, reconciliationInterval: 60 });
      // @ts-expect-error no field of a policy
      synthPolicy({ ...web, reconcilationInterval: '1m' });
    };
    expect(never).to.be.a('function');
  });
});

describe('a duration as text', () => {
  it('means the same number of milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999 * 86_400_000 }), (milliseconds) => {
        expect(parseDuration(durationText(milliseconds))).to.equal(milliseconds);
      }),
    );
  });
});
