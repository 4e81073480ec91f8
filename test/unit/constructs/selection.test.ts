import { ApiObject } from 'cdk8s';
import { expect } from 'chai';
import fc from 'fast-check';
import { OptimizationPolicy } from '../../../constructs/index.js';
import { both } from '../../../constructs/selection.js';
import { matchesLabels, type LabelSelector } from '../../../lib/kube/index.js';
import { web } from './policies.js';
import { chartOfPolicies, synthPolicy } from './synth-policy.js';

describe('the methods of an OptimizationPolicy', () => {
  it('add to the selector that it was made with', () => {
    const { spec } = synthPolicy(web, (policy) =>
      policy
        .denyNamespaces('payments', 'ledger')
        .allowNamespaces('shop')
        .selectNamespaces({ matchLabels: { stage: 'test' } })
        .selectWorkloads({ matchLabels: { 'right-size': 'yes' } })
        .includeKinds('StatefulSet', 'Deployment')
        .excludeKinds('DaemonSet'),
    );
    expect(spec.selector).to.deep.equal({
      namespaceSelector: { matchLabels: { team: 'web', stage: 'test' } },
      workloadSelector: {
        matchLabels: { 'right-size': 'yes' },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }],
      },
      namespaces: { allow: ['shop'], deny: ['payments', 'ledger'] },
      workloadTypes: { include: ['Deployment', 'StatefulSet'], exclude: ['DaemonSet'] },
    });
  });

  it('take constructs for their names', () => {
    const { spec } = synthPolicy(web, (policy) => {
      const namespace = new ApiObject(chartOfPolicies(), 'payments', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'payments' },
      });
      policy.denyNamespaces(namespace);
    });
    expect(spec.selector).to.deep.include({ namespaces: { deny: ['payments'] } });
  });

  it('say a thing once, and leave what was given twice for the validator', () => {
    const twice = { ...web, selector: { namespaces: { deny: ['a', 'a'] } } };
    const { spec } = synthPolicy({ ...web, selector: { namespaces: { deny: ['a'] } } }, (policy) =>
      policy.denyNamespaces('a', 'b').denyNamespaces('b'),
    );
    expect(spec.selector).to.deep.equal({ namespaces: { deny: ['a', 'b'] } });
    expect(() => synthPolicy(twice, (policy) => policy.denyNamespaces('b'))).to.throw(
      'spec.selector.namespaces.deny[1]: Duplicate value: "a"',
    );
  });
});

describe('two label selectors as one', () => {
  const key = fc.constantFrom('a', 'b', 'constructor');
  const value = fc.constantFrom('x', 'y');
  const labels = fc.dictionary(key, value);
  const expression = fc.oneof(
    fc.record({ key, operator: fc.constantFrom('In' as const, 'NotIn' as const), values: fc.array(value) }),
    fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
  );
  const selector: fc.Arbitrary<LabelSelector> = fc.record(
    { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) },
    { requiredKeys: [] },
  );

  it('match what both match, and only that', () => {
    fc.assert(
      fc.property(selector, selector, labels, (a, b, given) => {
        expect(matchesLabels(both(a, b), given)).to.equal(matchesLabels(a, given) && matchesLabels(b, given));
      }),
    );
  });
});

describe('a policy that outranks others', () => {
  it('has at least one more than their weight, whatever happens to it later', () => {
    const chart = chartOfPolicies();
    const { weight: _, ...spec } = web;
    const made = (id: string, weight?: number) =>
      new OptimizationPolicy(chart, id, { ...spec, metadata: { name: id }, ...(weight !== undefined && { weight }) });
    const [fleet, team, app, special] = [made('fleet'), made('team'), made('app'), made('special', 300)];
    app.outrank(team, fleet);
    special.outrank(fleet);
    team.outrank(fleet);
    const weights = [fleet, team, app, special].map(
      ({ apiObject }) => (apiObject.toJson() as { spec: { weight?: number } }).spec.weight,
    );
    expect(weights).to.deep.equal([undefined, 101, 102, 300]);
    expect(() => fleet.outrank(app)).to.throw('chart/fleet cannot outrank chart/app, which outranks it');
    expect(() => fleet.outrank(fleet)).to.throw('cannot outrank');
  });

  it('is refused where there is no higher weight', () => {
    expect(() =>
      synthPolicy(web, (policy) => {
        policy.outrank(new OptimizationPolicy(policy, 'highest', { ...web, weight: 1000 }));
      }),
    ).to.throw('[chart/web] spec.weight: Invalid value: 1001');
  });
});
