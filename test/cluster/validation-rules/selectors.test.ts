import type { Tree } from '../../documents/tree.js';
import { judge } from './judge.js';

describe('the validation rules on a real apiserver: selectors', function () {
  this.timeout(60_000);
  const { expectAccepted, expectRefused } = judge();

  const silent: readonly Tree[] = [
    {},
    { namespaceSelector: {} },
    { namespaceSelector: { matchLabels: {} } },
    { namespaceSelector: { matchExpressions: [] } },
    { workloadSelector: {} },
    { workloadSelector: { matchLabels: {}, matchExpressions: [] } },
    { namespaces: {} },
    { namespaces: { allow: [] } },
    { namespaces: { allow: [], deny: [] } },
    { workloadTypes: {} },
    { workloadTypes: { include: [], exclude: [] } },
    { namespaceSelector: {}, workloadSelector: {}, namespaces: {}, workloadTypes: {} },
  ];
  for (const selector of silent) {
    it(`B-API-4 ${JSON.stringify(selector)} says nothing and is refused`, async () => {
      await expectRefused([['spec.selector', selector]], ['spec.selector'], /must be given and not be empty/);
    });
  }

  const speaking: readonly Tree[] = [
    { namespaceSelector: { matchLabels: { team: 'web' } } },
    { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } },
    { workloadSelector: { matchLabels: { team: '' } } },
    { namespaces: { allow: ['web'] } },
    { namespaces: { deny: ['web'] } },
    { workloadTypes: { include: ['Deployment'] } },
    { workloadTypes: { exclude: ['DaemonSet'] } },
    { namespaceSelector: {}, workloadTypes: { include: ['Deployment'] } },
  ];
  for (const selector of speaking) {
    it(`B-API-4 ${JSON.stringify(selector)} is enough`, () => expectAccepted(['spec.selector', selector]));
  }

  it('B-API-10 overlapping include and exclude are accepted', () =>
    expectAccepted(['spec.selector.workloadTypes', { include: ['Deployment'], exclude: ['Deployment'] }]));
});
