import { expect } from 'chai';
import { policies } from '../../documents/apiserver.js';
import { treeAt, type Tree } from '../../documents/tree.js';
import { judge, type Change } from './judge.js';
import { gradual, limits } from './paths.js';

describe('the validation rules on a real apiserver: defaults', function () {
  this.timeout(60_000);
  const asked = judge();

  const path = `${policies()}/defaults`;
  afterEach(() => asked.api.ask('DELETE', path));

  it('B-API-2 are materialised and read back', async () => {
    const { spec } = await stored(['spec.updateStrategy', {}]);
    expect(spec).to.deep.include({ weight: 100, reconciliationInterval: '5m' });
    expect(treeAt(spec, 'metricsConfig')).to.deep.equal({
      provider: 'prometheus',
      rollingWindow: '24h',
      percentile: 'P90',
      safetyFactor: 1.2,
    });
    expect(treeAt(spec, 'updateStrategy')).to.deep.equal({
      strategy: 'webhook',
      rolloutStrategy: 'onNextRestart',
      allowInPlaceResize: true,
      allowRecreate: false,
      updateRequestsOnly: true,
      useServerSideApply: true,
      allowUnsafeMemoryDecrease: false,
      limitConfig: { cpuLimitMultiplier: 1, memoryLimitMultiplier: 1.1 },
      gradualDecreaseConfig: {
        enabled: false,
        memoryDecreasePercentage: 10,
        minimumDecreaseThreshold: '100Mi',
        maximumTotalDecrease: 70,
      },
    });
  });

  const limitConfigs: readonly (readonly [string, unknown, number, number])[] = [
    ['absent', undefined, 1, 1.1],
    ['{}', {}, 1, 1.1],
    ['null', null, 1, 1.1],
    ['partial (CPU)', { cpuLimitMultiplier: 2.5 }, 2.5, 1.1],
    ['partial (memory)', { memoryLimitMultiplier: 2.5 }, 1, 2.5],
  ];
  for (const [what, value, cpuLimitMultiplier, memoryLimitMultiplier] of limitConfigs) {
    it(`B-API-2 limitConfig ${what} is ${cpuLimitMultiplier} / ${memoryLimitMultiplier}`, async () => {
      const object = await stored([limits, value]);
      expect(treeAt(object, limits)).to.deep.equal({ cpuLimitMultiplier, memoryLimitMultiplier });
    });
  }

  it('B-API-2 a gradual decrease that is only switched on has 10 / 100Mi / 70', async () => {
    const object = await stored([gradual, { enabled: true }]);
    expect(treeAt(object, gradual)).to.deep.equal({
      enabled: true,
      memoryDecreasePercentage: 10,
      minimumDecreaseThreshold: '100Mi',
      maximumTotalDecrease: 70,
    });
  });

  it('B-API-2 minSamplesRequired has no default: it is the operator that has one', async () => {
    expect(treeAt(await stored(), 'spec.metricsConfig.metricsServer')).to.equal(undefined);
  });

  it('B-API-3 a valid policy takes a status, and keeps its spec', async () => {
    const before = await stored();
    const after = await asked.api.patch(`${path}/status`, { status: { workloadsDiscovered: 3 } });
    expect(after.status).to.deep.equal({ workloadsDiscovered: 3 });
    expect(after.spec).to.deep.equal(before.spec);
  });

  async function stored(...changes: Change[]): Promise<Tree> {
    await asked.api.create(policies(), asked.changed([...changes, ['metadata.name', 'defaults']]));
    return asked.api.get(path);
  }
});
