import { expect } from 'chai';
import fc from 'fast-check';
import { emptySelection, governing, selects, type SelectableWorkload, type SelectingPolicy } from 'optipod/lib/policy';

const OWN = 'optipod-system';
const SCOPE = { ownNamespace: OWN, policyScope: 'Cluster' } as const;
const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
const workload = (
  overrides: Partial<SelectableWorkload['metadata']> & { kind?: (typeof kinds)[number] } = {},
): SelectableWorkload => {
  const { kind = 'Deployment', ...metadata } = overrides;
  return { kind, metadata: { name: 'web', namespace: 'shop', labels: { tier: 'front' }, ...metadata } };
};
const namespace = (name = 'shop', labels: Record<string, string> = {}, annotations: Record<string, string> = {}) => ({
  metadata: { name, labels, annotations },
});
const matches = (selector: SelectingPolicy['spec']['selector'], w = workload(), ns = namespace()) =>
  selects({ ...policy(), spec: { mode: 'Recommend', weight: 100, selector } }, w, ns, SCOPE);

let serial = 0;
const policy = (
  overrides: { weight?: number; mode?: 'Auto' | 'Recommend' | 'Disabled'; created?: string; name?: string } = {},
): SelectingPolicy => {
  serial += 1;
  const { weight = 100, mode = 'Recommend', created = '2026-01-01T00:00:00Z', name = `p${serial}` } = overrides;
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${serial}`, creationTimestamp: created },
    spec: { mode, weight, selector: { workloadTypes: { include: ['Deployment'] } } },
  };
};

describe('selecting workloads', () => {
  it('B-SEL-2 deny beats allow, exclude beats include, an empty include means all kinds', () => {
    expect(matches({ namespaces: { allow: ['shop'] } })).to.equal(true);
    expect(matches({ namespaces: { allow: ['shop'], deny: ['shop'] } })).to.equal(false);
    expect(matches({ workloadTypes: { include: ['Deployment'], exclude: ['Deployment'] } })).to.equal(false);
    for (const kind of kinds) expect(matches({ workloadTypes: { include: [] } }, workload({ kind }))).to.equal(true);
  });

  it('B-SEL-2 conditions are AND-ed: one more condition never matches more', () => {
    const part = {
      namespaceSelector: fc.constantFrom(
        undefined,
        { matchLabels: { team: 'web' } },
        { matchLabels: { team: 'other' } },
      ),
      workloadSelector: fc.constantFrom(
        undefined,
        { matchLabels: { tier: 'front' } },
        { matchLabels: { tier: 'back' } },
      ),
      namespaces: fc.constantFrom(undefined, { allow: ['shop'] }, { allow: ['else'] }, { deny: ['shop'] }),
      workloadTypes: fc.constantFrom(
        undefined,
        { include: ['Deployment' as const] },
        { exclude: ['Deployment' as const] },
      ),
    };
    fc.assert(
      fc.property(fc.record(part), (all) => {
        const given = Object.entries(all).filter(([, value]) => value !== undefined);
        const ns = namespace('shop', { team: 'web' });
        const each = given.map(([key, value]) => matches({ [key]: value }, workload(), ns));
        expect(matches(Object.fromEntries(given), workload(), ns)).to.equal(each.every(Boolean));
      }),
    );
  });

  it("B-SEL-3 workloadSelector is matched against the workload's own labels", () => {
    expect(matches({ workloadSelector: { matchLabels: { tier: 'front' } } })).to.equal(true);
    expect(matches({ workloadSelector: { matchLabels: { tier: 'back' } } })).to.equal(false);
    expect(matches({ workloadSelector: { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] } })).to.equal(
      false,
    );
  });

  it('B-SEL-4 the highest weight wins, whatever the mode; disabled policies neither win nor shadow', () => {
    const light = policy({ weight: 100, mode: 'Auto' });
    const heavy = policy({ weight: 200, mode: 'Recommend' });
    const off = policy({ weight: 900, mode: 'Disabled' });
    expect(governing([light, heavy, off], workload(), namespace(), SCOPE)).to.equal(heavy);
  });

  it('B-SEL-4 of equals the older wins, then namespace/name; the order they come in does not matter', () => {
    const any = fc.array(
      fc.record({
        weight: fc.constantFrom(100, 200),
        mode: fc.constantFrom('Auto' as const, 'Recommend' as const, 'Disabled' as const),
        created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(any, fc.nat(), (specs, seed) => {
        const policies = specs.map(policy);
        const winner = governing(policies, workload(), namespace(), SCOPE);
        const rotated = policies.map((_, i) => policies[(i + seed) % policies.length]).filter((p) => p !== undefined);
        expect(governing(rotated, workload(), namespace(), SCOPE)).to.equal(winner);
        const active = policies.filter(({ spec }) => spec.mode !== 'Disabled');
        expect(winner === undefined).to.equal(active.length === 0);
        for (const other of active) expect(winner?.spec.weight).to.be.at.least(other.spec.weight);
      }),
    );
  });

  it('B-SEL-5 system namespaces and the own one are left out unless allow names them', () => {
    for (const name of ['kube-system', 'kube-public', 'kube-node-lease', OWN]) {
      const there = workload({ namespace: name });
      expect(matches({ workloadTypes: { include: ['Deployment'] } }, there, namespace(name)), name).to.equal(false);
      expect(matches({ namespaces: { allow: [name] } }, there, namespace(name)), name).to.equal(true);
    }
  });

  it('B-SEL-5 with policyScope Namespace a policy reaches its own namespace only, whatever it says', () => {
    const scope = { ...SCOPE, policyScope: 'Namespace' } as const;
    for (const selector of [
      { workloadTypes: { include: [...kinds] } },
      { namespaces: { allow: ['shop', 'other'] } },
      { namespaceSelector: { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' as const }] } },
    ]) {
      const one = { ...policy(), spec: { mode: 'Auto', weight: 100, selector } } as const;
      expect(selects(one, workload(), namespace('shop'), scope)).to.equal(true);
      const elsewhere = workload({ namespace: 'other' });
      expect(selects(one, elsewhere, namespace('other'), scope)).to.equal(false);
      expect(selects(one, elsewhere, namespace('other'), SCOPE)).to.equal(true);
      expect(governing([one], elsewhere, namespace('other'), scope)).to.equal(undefined);
    }
  });

  it('B-SEL-7 optipod.io/ignore on a workload or a namespace keeps OptiPod away', () => {
    const everything = { workloadTypes: { include: [...kinds] } };
    expect(matches(everything, workload({ annotations: { 'optipod.io/ignore': 'true' } }))).to.equal(false);
    expect(matches(everything, workload(), namespace('shop', {}, { 'optipod.io/ignore': 'true' }))).to.equal(false);
    expect(matches(everything, workload({ annotations: { 'optipod.io/ignore': 'false' } }))).to.equal(true);
  });

  it('B-API-10 an empty effective set says so', () => {
    expect(emptySelection({ namespaces: { allow: ['a'], deny: ['a', 'b'] } })).to.contain('namespaces.deny');
    expect(emptySelection({ workloadTypes: { exclude: [...kinds] } })).to.contain('workloadTypes.exclude');
    expect(emptySelection({ workloadTypes: { include: ['Deployment'], exclude: ['Deployment'] } })).to.contain(
      'exclude',
    );
    expect(emptySelection({ namespaces: { allow: ['a', 'b'], deny: ['a'] } })).to.equal(undefined);
  });
});
