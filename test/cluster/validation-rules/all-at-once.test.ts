import { expect } from 'chai';
import { judge, type Change } from './judge.js';

describe('the validation rules on a real apiserver: what is broken is all told at once', function () {
  this.timeout(60_000);
  const { expectRefused } = judge();

  it('B-API-3 min > max for both resources', async () => {
    const changes: Change[] = [
      ['spec.resourceBounds.cpu.min', '9'],
      ['spec.resourceBounds.memory.min', '17Gi'],
    ];
    await expectRefused(changes, ['spec.resourceBounds.cpu.min', 'spec.resourceBounds.memory.min'], /min must be less/);
  });

  it('B-API-3 a bound that is no quantity is not said to be in the wrong order, too', async () => {
    const { message } = await expectRefused([['spec.resourceBounds.cpu.min', 'much']], ['spec.resourceBounds.cpu.min']);
    expect(message).not.to.contain('less than or equal');
  });

  it('B-API-3 rules of different parts of the policy', async () => {
    const broken: Change[] = [
      ['spec.selector', { namespaces: {} }],
      ['spec.metricsConfig.rollingWindow', '1m'],
      ['spec.resourceBounds.cpu.max', '0'],
      ['spec.updateStrategy.gradualDecreaseConfig.minimumDecreaseThreshold', '0'],
      ['spec.reconciliationInterval', '1s'],
    ];
    // A maximum of zero is also below the minimum.
    const fields = [...broken.map(([path]) => path), 'spec.resourceBounds.cpu.min'];
    await expectRefused(broken, fields);
  });

  it('B-API-2 types, enums and ranges', async () => {
    const broken: Change[] = [
      ['spec.mode', 'Manual'],
      ['spec.weight', 1001],
      ['spec.metricsConfig.provider', 'datadog'],
      ['spec.updateStrategy.strategy', 'patch'],
      ['spec.updateStrategy.limitConfig.cpuLimitMultiplier', 11],
    ];
    await expectRefused(
      broken,
      broken.map(([path]) => path),
    );
  });
});
