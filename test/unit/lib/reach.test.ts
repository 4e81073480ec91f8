import { expect } from 'chai';
import fc from 'fast-check';
import {
  onlyWeakens,
  reachOf,
  scopeErrors,
  selects,
  WORKLOAD_KINDS,
  type SelectableWorkload,
  type SelectionScope,
} from 'optipod/lib/policy';
import type { OptimizationPolicySpec } from '../../../imports/types/optimization-policy.js';
import { policyOf } from './policies.js';

const SCOPE: SelectionScope = { ownNamespace: 'optipod-system', policyScope: 'Cluster' };
const NAME = 'kubernetes.io/metadata.name';

const reach = (selector: object) => reachOf(policyOf({ selector }).spec);

describe('what a policy could reach', () => {
  it('B-SEL-5 is the namespaces it names, less those it denies', () => {
    expect(reach({ namespaces: { allow: ['a', 'b', 'c'], deny: ['b'] } }).namespaces).to.deep.equal(['a', 'c']);
    expect(reach({ namespaces: { allow: ['kube-system'] } }).namespaces).to.deep.equal(['kube-system']);
  });

  it('B-SEL-5 is every namespace there will ever be where only labels keep others out', () => {
    for (const selector of [
      { namespaceSelector: { matchLabels: { team: 'web' } } },
      { workloadSelector: { matchLabels: { app: 'web' } } },
      { workloadTypes: { include: ['Deployment'] } },
      { namespaces: { deny: ['payments'] } },
      { namespaceSelector: { matchExpressions: [{ key: NAME, operator: 'NotIn', values: ['payments'] }] } },
    ]) {
      expect(reach(selector).namespaces, JSON.stringify(selector)).to.equal('all');
    }
  });

  it('B-SEL-5 is also what the label of the name says, which nobody can change', () => {
    const selector = {
      namespaceSelector: {
        matchLabels: { [NAME]: 'a' },
        matchExpressions: [{ key: NAME, operator: 'In', values: ['a', 'b'] }],
      },
    };
    expect(reach(selector).namespaces).to.deep.equal(['a']);
    expect(reach({ ...selector, namespaces: { allow: ['b'] } }).namespaces).to.deep.equal([]);
  });

  it('B-SEL-5 is the kinds it includes, less those it excludes', () => {
    expect(reach({ namespaces: { allow: ['a'] } }).kinds).to.deep.equal(WORKLOAD_KINDS);
    const workloadTypes = { include: ['Deployment', 'DaemonSet'], exclude: ['DaemonSet'] };
    expect(reach({ workloadTypes }).kinds).to.deep.equal(['Deployment']);
  });

  it('B-SEL-5 covers whatever the policy selects, in whatever cluster', () => {
    fc.assert(
      fc.property(anySelector, anyWorkload, (selector, { workload, labels }) => {
        const policy = policyOf({ selector: speaking(selector) });
        const namespace = { metadata: { name: workload.metadata.namespace, labels } };
        if (!selects(policy, workload, namespace, SCOPE)) return;
        const { kinds, namespaces } = reachOf(policy.spec);
        expect(kinds).to.include(workload.kind);
        if (namespaces !== 'all') expect(namespaces).to.include(workload.metadata.namespace);
      }),
    );
  });
});

describe('policyScope Namespace', () => {
  const errors = (allow: string[], policyScope: 'Cluster' | 'Namespace') =>
    scopeErrors(policyOf({ selector: { namespaces: { allow } } }), { policyScope });

  it('B-SEL-5 refuses a policy that names another namespace, and says which', () => {
    expect(errors(['shop', 'other'], 'Namespace')).to.deep.equal([
      {
        path: 'spec.selector.namespaces.allow[1]',
        value: 'other',
        message:
          'Forbidden: policies reach no namespace but their own here (policyScope: Namespace), and "other" is another',
        reason: 'FieldValueForbidden',
      },
    ]);
    expect(errors(['shop'], 'Namespace')).to.deep.equal([]);
    expect(errors(['shop', 'other'], 'Cluster')).to.deep.equal([]);
  });
});

describe('an update that only weakens a policy', () => {
  const selector = { namespaces: { allow: ['shop', 'other'], deny: ['b'] }, workloadTypes: { exclude: ['DaemonSet'] } };
  const before = policyOf({ mode: 'Recommend', selector }).spec;
  const after = (spec: object): OptimizationPolicySpec => policyOf({ mode: 'Recommend', selector, ...spec }).spec;

  it('B-SEL-5 takes away, and gives nothing', () => {
    for (const spec of [
      { mode: 'Disabled' },
      { selector: { ...selector, namespaces: { allow: ['shop', 'other'], deny: ['b', 'other'] } } },
      { selector: { ...selector, workloadTypes: { exclude: ['Deployment', 'DaemonSet'] } } },
    ]) {
      expect(onlyWeakens(before, after(spec)), JSON.stringify(spec)).to.equal(true);
    }
    for (const spec of [
      { mode: 'Auto' },
      { weight: 101 },
      { weight: 99 },
      { reconciliationInterval: '1m' },
      { resourceBounds: { cpu: { min: '10m', max: '1' }, memory: { min: '16Mi', max: '4Gi' } } },
      { selector: { ...selector, namespaces: { allow: ['shop', 'other'] } } },
      { selector: { ...selector, namespaces: { allow: ['shop'], deny: ['b'] } } },
      { selector: { ...selector, workloadTypes: {} } },
      { selector: { ...selector, workloadSelector: { matchLabels: { app: 'web' } } } },
    ]) {
      expect(onlyWeakens(before, after(spec)), JSON.stringify(spec)).to.equal(false);
    }
  });

  it('B-SEL-5 selects nothing that was not selected before', () => {
    fc.assert(
      fc.property(anySelector, names, kinds, anyWorkload, (one, deny, exclude, { workload, labels }) => {
        const old = policyOf({ selector: speaking(one) });
        const { namespaces, workloadTypes, ...rest } = old.spec.selector;
        const more = (list: readonly string[] = [], added: readonly string[]) => [...new Set([...list, ...added])];
        const now = policyOf({
          selector: {
            ...rest,
            namespaces: { ...namespaces, deny: more(namespaces?.deny, deny) },
            workloadTypes: { ...workloadTypes, exclude: more(workloadTypes?.exclude, exclude) },
          },
        });
        expect(onlyWeakens(old.spec, now.spec)).to.equal(true);
        const namespace = { metadata: { name: workload.metadata.namespace, labels } };
        if (selects(now, workload, namespace, SCOPE)) expect(selects(old, workload, namespace, SCOPE)).to.equal(true);
      }),
    );
  });
});

/** A selector that says nothing is none. */
function speaking<S extends { readonly workloadTypes?: object }>(selector: S) {
  return { ...selector, workloadTypes: { include: [...WORKLOAD_KINDS], ...selector.workloadTypes } };
}

const name = fc.constantFrom('a', 'b', 'kube-system', 'shop');
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
const kinds = fc.uniqueArray(fc.constantFrom(...WORKLOAD_KINDS), { minLength: 1 });
const labelled = fc.oneof(
  fc.record({ matchLabels: fc.record({ [NAME]: name }) }),
  fc.record({
    matchExpressions: fc.tuple(fc.record({ key: fc.constant(NAME), operator: fc.constant('In'), values: names })),
  }),
  fc.constant({ matchLabels: { team: 'web' } }),
);
const anySelector = fc.record(
  {
    namespaces: fc.record({ allow: names, deny: names }, { requiredKeys: [] }),
    namespaceSelector: labelled,
    workloadTypes: fc.record({ include: kinds, exclude: kinds }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const anyWorkload = fc
  .record({ kind: fc.constantFrom(...WORKLOAD_KINDS), namespace: name, team: fc.constantFrom('web', 'data') })
  .map(({ kind, namespace, team }) => ({
    workload: { kind, metadata: { name: 'one', namespace } } satisfies SelectableWorkload,
    labels: { [NAME]: namespace, team },
  }));
