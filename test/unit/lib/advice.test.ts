import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  advice,
  governing,
  selects,
  type PolicyWorld,
  type SelectableWorkload,
  type SelectingPolicy,
} from 'optipod/lib/policy';
import { boundsAdvice } from 'optipod/lib/recommend';
import { policyOf } from './policies.js';

const OPT_IN = { key: 'optipod.io/webhook', value: 'enabled' };
const LABELLED = { [OPT_IN.key]: OPT_IN.value };

interface Made {
  readonly policies?: readonly SelectingPolicy[];
  /** Labels by namespace. */
  readonly namespaces?: Readonly<Record<string, Record<string, string>>>;
  readonly workloads?: readonly string[];
  readonly policyScope?: 'Cluster' | 'Namespace';
}

/** Workloads are written `shop/Deployment/web`. */
function world({
  policies = [],
  namespaces = { shop: LABELLED },
  workloads = ['shop/Deployment/web'],
  policyScope = 'Cluster',
}: Made): PolicyWorld {
  const all = workloads.map((text) => {
    const [namespace = '', kind, name = ''] = text.split('/');
    return { kind, metadata: { name, namespace, labels: { app: name } } } as SelectableWorkload;
  });
  return {
    policies,
    namespaces: Object.entries(namespaces).map(([name, labels]) => ({
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
    })),
    workloads: (namespace) => all.filter(({ metadata }) => metadata.namespace === namespace),
    optIn: OPT_IN,
    scope: { ownNamespace: 'optipod-system', policyScope },
  };
}

/** Everything that was said in these tests, to hold the reference against. */
const heard = new Set<string>();

function said(spec: object, made: Made = {}, metadata: object = {}): string[] {
  const lines = advice(policyOf(spec, metadata), world(made));
  for (const line of lines) heard.add(line);
  return lines;
}

const other = (name: string, spec: object, metadata: object = {}) =>
  policyOf({ selector: { namespaces: { allow: ['shop'] } }, ...spec }, { name, uid: name, ...metadata });

describe('advice about a policy', () => {
  it('has nothing to say of one that does what it says', () => {
    expect(said({})).to.deep.equal([]);
    expect(said({ mode: 'Recommend' }, { namespaces: { shop: {} } })).to.deep.equal([]);
  });

  it('has nothing to say of a Disabled one', () => {
    expect(said({ mode: 'Disabled' }, { workloads: [] })).to.deep.equal([]);
  });

  it('matches nothing today', () => {
    expect(said({}, { workloads: ['other/Deployment/web'] })).to.deep.equal([
      'the policy matches no workload today: there is none in shop',
    ]);
    expect(said({ selector: { namespaceSelector: { matchLabels: { team: 'web' } } } })).to.deep.equal([
      'the policy matches no workload today: no namespace satisfies the selector',
    ]);
    const namespaces = { a: LABELLED, b: LABELLED, c: LABELLED, d: LABELLED, e: LABELLED };
    expect(said({ selector: { workloadSelector: { matchLabels: { app: 'gone' } } } }, { namespaces })).to.deep.equal([
      'the policy matches no workload today: there is none in 5 namespaces that the policy does not name',
    ]);
  });

  it('B-API-10 deny that empties allow, exclude that empties include', () => {
    expect(said({ selector: { namespaces: { allow: ['shop'], deny: ['shop', 'other'] } } })).to.deep.equal([
      'the policy matches nothing: selector.namespaces.deny names every namespace that selector.namespaces.allow names',
    ]);
    expect(said({ selector: { workloadTypes: { include: ['Deployment'], exclude: ['Deployment'] } } })).to.deep.equal([
      'the policy matches nothing: selector.workloadTypes.exclude names every kind that selector.workloadTypes includes',
    ]);
    const namespaces = { shop: LABELLED, other: LABELLED };
    expect(
      said({ selector: { namespaces: { allow: ['shop', 'other'], deny: ['other'] } } }, { namespaces }),
    ).to.deep.equal(['selector.namespaces.deny takes back what allow names: other']);
  });

  it('B-SEL-4 shadowed by heavier policies: how much of it', () => {
    const three = ['shop/Deployment/a', 'shop/Deployment/b', 'shop/StatefulSet/c'];
    const heavy = other('heavy', { weight: 200 });
    expect(said({}, { policies: [heavy] })).to.deep.equal([
      'the one workload that the policy matches is governed by a policy with more weight, or an older one; the annotation optipod.io/policy says which',
    ]);
    expect(said({}, { policies: [heavy], workloads: three })).to.deep.equal([
      'all 3 workloads that the policy matches are governed by a policy with more weight, or an older one; the annotation optipod.io/policy says which',
    ]);
    const sets = other('sets', {
      weight: 300,
      selector: { namespaces: { allow: ['shop'] }, workloadTypes: { include: ['StatefulSet'] } },
    });
    expect(said({}, { policies: [sets], workloads: three })).to.deep.equal([
      '1 of the 3 workloads that the policy matches are governed by a policy with more weight, or an older one; the annotation optipod.io/policy says which',
    ]);
    expect(said({}, { policies: [heavy, sets], workloads: three })).to.deep.equal([
      'all 3 workloads that the policy matches are governed by a policy with more weight, or an older one; the annotation optipod.io/policy says which',
    ]);
  });

  it('B-SEL-4 of equals the older shadows; what is not created yet is the youngest; itself and Disabled ones never do', () => {
    const older = other('older', {}, { creationTimestamp: '2025-01-01T00:00:00Z' });
    const younger = other('younger', {}, { creationTimestamp: '2027-01-01T00:00:00Z' });
    const off = other('off', { mode: 'Disabled', weight: 1000 });
    const itself = other('web', { weight: 1000 });
    expect(said({}, { policies: [younger, off, itself] })).to.deep.equal([]);
    expect(said({}, { policies: [older, younger] })).to.have.lengthOf(1);
    expect(said({}, { policies: [younger] }, { creationTimestamp: undefined })).to.have.lengthOf(1);
  });

  it('B-SEL-4 counts as shadowed exactly what another governs', () => {
    const some = fc.record({
      weight: fc.constantFrom(1, 100, 1000),
      mode: fc.constantFrom('Auto', 'Recommend', 'Disabled'),
      selector: fc.record({
        namespaces: fc.record({ allow: fc.constantFrom(['shop'], ['other'], ['shop', 'other']) }),
        workloadTypes: fc.constantFrom({}, { include: ['Deployment'] }, { exclude: ['Deployment'] }),
      }),
    });
    const workloads = ['shop/Deployment/a', 'shop/StatefulSet/b', 'other/DaemonSet/c', 'other/Deployment/d'];
    const namespaces = { shop: LABELLED, other: LABELLED };
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), some, (others, one) => {
        const spec = { ...one, mode: 'Auto' };
        const policies = others.map((given, index) => other(`p${String(index)}`, given));
        const made = world({ policies, namespaces, workloads });
        const policy = policyOf(spec);
        const lost = made.namespaces.flatMap((namespace) =>
          made
            .workloads(namespace.metadata.name)
            .filter((workload) => selects(policy, workload, namespace, made.scope))
            .filter((workload) => governing([...policies, policy], workload, namespace, made.scope) !== policy),
        );
        const line =
          said(spec, { policies, namespaces, workloads }).find((text) => text.includes('governed by')) ?? '0';
        const counted = line.startsWith('the one workload') ? 1 : Number(/\d+/.exec(line)?.[0]);
        expect(counted).to.equal(lost.length);
      }),
    );
  });

  it('says nothing of shadows where it would take too long to find out, and that quickly', () => {
    const policies = Array.from({ length: 1000 }, (_, i) => other(`p${String(i)}`, { weight: 900 }));
    const workloads = Array.from({ length: 2000 }, (_, i) => `shop/Deployment/w${String(i)}`);
    expect(said({}, { policies, workloads })).to.deep.equal([]);
  });

  it('webhook strategy with namespaces that are not labelled, named', () => {
    const namespaces = { shop: {}, other: LABELLED };
    expect(said({}, { namespaces })).to.deep.equal([
      'new pods get what is recommended only in namespaces labelled optipod.io/webhook=enabled; without it: shop',
    ]);
    // A namespace that it matches nothing in is only told where the policy names it.
    const named = { namespaces: { allow: ['shop', 'other'] } };
    expect(said({ selector: named }, { namespaces: { shop: LABELLED, other: {} } })[0]).to.contain('without it: other');
    const all = { workloadTypes: { include: ['Deployment'] } };
    expect(said({ selector: all }, { namespaces: { shop: LABELLED, other: {} } })).to.deep.equal([]);
  });

  it('B-WEB-7 names no other policy, and no namespace that its own policy does not name', () => {
    const namespaces = {
      payments: { team: 'one' },
      secrets: { team: 'one' },
      shop: {},
      'kube-system': { team: 'one' },
    };
    const workloads = ['payments/Deployment/a', 'secrets/Deployment/b', 'shop/Deployment/c'];
    const selector = { namespaceSelector: { matchLabels: { team: 'one' } } };
    const policies = [other('hidden', { weight: 900, selector: { workloadTypes: { include: ['Deployment'] } } })];
    const lines = said({ selector }, { namespaces, workloads, policies });
    expect(lines).to.have.lengthOf(3);
    expect(lines.join(' ')).to.contain('without it: 2 namespaces that the policy does not name');
    expect(lines.join(' ')).not.to.match(/payments|secrets|hidden|kube-system/);
    const empty = said({ selector }, { namespaces, workloads: [] });
    expect(empty[0]).to.contain('there is none in 2 namespaces that the policy does not name');
  });

  it('webhook strategy in reserved namespaces', () => {
    const selector = { namespaces: { allow: ['kube-system'] } };
    const made = { namespaces: { 'kube-system': {} }, workloads: ['kube-system/Deployment/dns'] };
    expect(said({ selector }, made)).to.deep.equal(['the webhook strategy never works in kube-system']);
  });

  it('reserved namespaces that a selector asks for and that are not named', () => {
    const namespaces = { shop: { ...LABELLED, tier: 'one' }, 'kube-system': { tier: 'one' }, 'optipod-system': {} };
    const asks = { namespaceSelector: { matchLabels: { tier: 'one' } } };
    expect(said({ selector: asks }, { namespaces })).to.deep.equal([
      'selector.namespaceSelector matches reserved namespaces, left out all the same: they must be named in selector.namespaces.allow',
    ]);
    const rulesOut = { namespaceSelector: { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] } };
    expect(said({ selector: rulesOut }, { namespaces })).to.deep.equal([]);
  });

  it('names of namespaces that are not there', () => {
    expect(said({ selector: { namespaces: { allow: ['shop', 'shopp'] } } })).to.deep.equal([
      'selector.namespaces.allow names what is not there: shopp',
    ]);
  });

  it('nothing of labels where the template gets what is recommended', () => {
    expect(said({ updateStrategy: { strategy: 'ssa' } })).to.deep.equal([]);
    expect(said({ metricsConfig: { provider: 'custom' } })).to.deep.equal([]);
  });

  it('fields that nothing reads', () => {
    const fields = (spec: object) => said({ mode: 'Recommend', ...spec });
    expect(fields({ updateStrategy: { strategy: 'ssa', rolloutStrategy: 'immediate' } })).to.deep.equal([
      'updateStrategy.rolloutStrategy has no effect: it is for the strategy webhook',
    ]);
    expect(fields({ updateStrategy: { useServerSideApply: false } })).to.deep.equal([
      'updateStrategy.useServerSideApply has no effect: it is for the strategy ssa',
    ]);
    expect(fields({ updateStrategy: { limitConfig: { cpuLimitMultiplier: 2 } } })).to.deep.equal([
      'updateStrategy.limitConfig has no effect: updateRequestsOnly leaves limits alone',
    ]);
    expect(
      fields({ metricsConfig: { provider: 'prometheus', metricsServer: { minSamplesRequired: 5 } } }),
    ).to.deep.equal(['metricsConfig.metricsServer has no effect: the provider is prometheus']);
  });

  it('B-SEL-5 with policyScope Namespace, a selector that leaves out the only namespace there is for it', () => {
    const selector = { namespaceSelector: { matchLabels: { team: 'web' } } };
    const namespaces = { shop: LABELLED, other: { team: 'web' } };
    const made = { namespaces, workloads: ['other/Deployment/web'], policyScope: 'Namespace' } as const;
    expect(said({ selector }, made)).to.deep.equal([
      'the policy matches no workload today: policies reach no namespace but their own here (policyScope: Namespace), and the selector leaves out shop',
    ]);
  });

  it('is told whole in the reference, and nothing else is', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/admission.md'), 'utf8');
    const [, table = ''] = page.split('## Warned about');
    const rows = [...table.matchAll(/^\| `.*$/gm)].flatMap(([row]) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
    );
    const patterns = rows.map((row) => new RegExp(`^${row.split('…').map(escaped).join('.+')}$`));
    const wanted = Array.from({ length: 7 }, (_, i) => ({ resource: 'cpu', amount: i === 0 ? 0.012 : 0.08 }) as const);
    const memory = { min: '16Mi', max: '1Gi' };
    const bounds = boundsAdvice({ cpu: { min: '100m', max: '4' }, memory }, wanted);
    const lines = [...[...heard].map((line) => line.replace(/shop\/heavy$/, 'infra/all')), ...bounds];
    for (const line of lines)
      expect(patterns.some((pattern) => pattern.test(line)) || isVariant(line), line).to.equal(true);
    for (const [index, pattern] of patterns.entries())
      expect(
        lines.some((line) => pattern.test(line)),
        rows[index],
      ).to.equal(true);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The page shows one of the ways in which workloads are counted, and tells of the others. */
function isVariant(line: string): boolean {
  return /^(the one workload|\d+ of the \d+ workloads|all \d+ workloads) that the policy matches (is|are) governed by /.test(
    line,
  );
}
