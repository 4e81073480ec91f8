import { judge } from './judge.js';
import { gradual } from './paths.js';

describe('the validation rules on a real apiserver: quantities', function () {
  this.timeout(60_000);
  const { expectAccepted, expectRefused } = judge();

  const one: readonly (string | number)[] = [
    '0.5',
    '500m',
    '1e3',
    '1E3',
    '1G',
    '1Gi',
    '1k',
    '0.1',
    '.5',
    '+1',
    '100u',
    '5e-1',
    1,
    1_000_000,
  ];
  for (const resource of ['cpu', 'memory']) {
    for (const value of one) {
      it(`B-API-3 ${resource} bounds take ${JSON.stringify(value)}, as min, as max and as both`, async () => {
        await expectAccepted([`spec.resourceBounds.${resource}`, { min: value, max: '1E' }]);
        await expectAccepted([`spec.resourceBounds.${resource}`, { min: '1n', max: value }]);
        await expectAccepted([`spec.resourceBounds.${resource}`, { min: value, max: value }]);
      });
    }
  }

  const equal: readonly (readonly [string | number, string | number])[] = [
    ['1Gi', 1073741824],
    ['1Gi', '1024Mi'],
    ['1000m', 1],
    ['0.5', '500m'],
    ['1e3', '1k'],
    ['1G', 1_000_000_000],
  ];
  for (const [a, b] of equal) {
    it(`B-API-3 ${JSON.stringify(a)} equals ${JSON.stringify(b)}: each may be the min of the other`, async () => {
      for (const [min, max] of [
        [a, b],
        [b, a],
      ])
        await expectAccepted(['spec.resourceBounds.memory', { min, max }]);
    });
  }

  const ordered: readonly (readonly [string | number, string | number])[] = [
    ['1G', '1Gi'],
    [1, '1001m'],
    ['999m', 1],
    [1073741823, '1Gi'],
    ['0.5', '501m'],
    ['9', '10'],
  ];
  for (const [less, more] of ordered) {
    it(`B-API-3 ${JSON.stringify(less)} is less than ${JSON.stringify(more)}`, async () => {
      await expectAccepted(['spec.resourceBounds.cpu', { min: less, max: more }]);
      await expectRefused([['spec.resourceBounds.cpu', { min: more, max: less }]], ['spec.resourceBounds.cpu.min']);
    });
  }

  it("B-API-3 an unquoted 0.5 is no quantity, in kube-apiserver's own words", async () => {
    for (const path of ['spec.resourceBounds.cpu.min', 'spec.resourceBounds.memory.max']) {
      await expectRefused([[path, 0.5]], [path], /must be of type integer,string: "number"/);
    }
  });

  it('B-API-3 the threshold of a gradual decrease is greater than zero', async () => {
    const path = `${gradual}.minimumDecreaseThreshold`;
    await expectRefused([[path, '0']], [path], /must be a quantity greater than zero/);
    await expectAccepted([path, 1]);
  });
});
