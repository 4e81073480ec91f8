import { expect } from 'chai';
import type { PolicyWorld } from 'optipod/lib/policy';
import type { WantedAmount } from 'optipod/lib/recommend';
import { Registry } from 'prom-client';
import { silentLogger } from '../../../operator/runtime/index.js';
import type { AuthorsRights } from '../../../webhook/authors.js';
import { policyHandler, type PolicyResult } from '../../../webhook/policies.js';
import { admissionApp } from '../../../webhook/server/index.js';
import { policyOf } from '../lib/policies.js';
import { post, responseOf } from './reviews.js';

const ALL = { workloadTypes: { include: ['Deployment'] } };
const EMPTY: PolicyWorld = {
  policies: [],
  namespaces: [],
  workloads: () => [],
  optIn: { key: 'k', value: 'v' },
  scope: { ownNamespace: 'optipod-system', policyScope: 'Cluster' },
};
const NOTHING_MATCHES = 'the policy matches no workload today: no namespace satisfies the selector';

interface Options {
  readonly rights?: AuthorsRights | Error | 'not asked';
  readonly world?: PolicyWorld;
  readonly policyScope?: 'Cluster' | 'Namespace';
  readonly wanted?: readonly WantedAmount[];
  /** Of the request. */
  readonly request?: object;
}

/** A review of a policy, or of an update of one; a spec, or a whole object. */
async function review(after: object, before?: object, options: Options = {}) {
  const { rights = { outcome: 'sufficient' }, world, policyScope = 'Cluster', request = {} } = options;
  const counted: PolicyResult[] = [];
  const asked: unknown[] = [];
  const handler = policyHandler({
    scope: { ownNamespace: 'optipod-system', policyScope },
    world: () => world,
    wanted: () => options.wanted ?? [],
    authorsRights: (author, reach) => {
      asked.push({ author: author.username, ...reach });
      return rights instanceof Error || rights === 'not asked'
        ? Promise.reject(new Error('gone'))
        : Promise.resolve(rights);
    },
    count: (result) => counted.push(result),
    log: silentLogger,
  });
  const app = admissionApp([handler], { log: silentLogger, metrics: new Registry() });
  const sent = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'one',
      kind: { group: 'optipod.io', version: 'v1alpha1', kind: 'OptimizationPolicy' },
      operation: before ? 'UPDATE' : 'CREATE',
      namespace: 'shop',
      name: 'web',
      userInfo: { username: 'jane', groups: ['dev'] },
      object: after,
      ...(before ? { oldObject: before } : {}),
      ...request,
    },
  };
  const response = await responseOf(await post(app, '/validate', sent));
  return { response, counted, asked };
}

describe('reviewing a policy', () => {
  const good = policyOf({ selector: ALL });
  const broken = (spec: object) => ({ ...good, spec: { ...good.spec, ...spec } });

  it('B-WEB-1 a good one by an author who may is allowed without a word', async () => {
    const { response, counted, asked } = await review(good);
    expect(response).to.deep.equal({ uid: 'one', allowed: true });
    expect(counted).to.deep.equal(['allowed']);
    expect(asked).to.deep.equal([{ author: 'jane', kinds: ['Deployment'], namespaces: 'all' }]);
  });

  it('B-API-9 one that breaks rules is refused as kube-apiserver would, with every finding', async () => {
    const { response, counted, asked } = await review(broken({ weight: 5000, mode: 'Off' }));
    expect(response.status).to.deep.include({ status: 'Failure', code: 422, reason: 'Invalid' });
    expect(response.status?.message).to.equal(
      'OptimizationPolicy.optipod.io "web" is invalid: [' +
        'spec.mode: Unsupported value: "Off": supported values: "Auto", "Recommend", "Disabled", ' +
        'spec.weight: Invalid value: 5000: spec.weight in body should be less than or equal to 1000]',
    );
    expect(response.status?.details).to.deep.include({ name: 'web', group: 'optipod.io', kind: 'OptimizationPolicy' });
    expect(response.status?.details?.causes.map(({ field, reason }) => [field, reason])).to.deep.equal([
      ['spec.mode', 'FieldValueNotSupported'],
      ['spec.weight', 'FieldValueInvalid'],
    ]);
    expect([counted, asked]).to.deep.equal([['invalid'], []]);
  });

  it('B-API-9 an update is judged where it changed: what was broken before stands, with a warning', async () => {
    const { response, counted, asked } = await review(
      broken({ weight: 5000, mode: 'Recommend' }),
      broken({ weight: 5000 }),
      {
        world: EMPTY,
      },
    );
    expect(response.allowed).to.equal(true);
    expect(response.warnings).to.deep.equal([
      'spec.weight: Invalid value: 5000: spec.weight in body should be less than or equal to 1000; it stands because it is as it was',
    ]);
    // It may be in order for the next version: whoever widens it now is asked now.
    expect([counted, asked.length]).to.deep.equal([['warned'], 1]);
    const refused = await review(broken({ weight: 6000 }), broken({ weight: 5000 }));
    expect(refused.response.allowed).to.equal(false);
  });

  it('B-API-9 an update that leaves the spec as it is is nobody’s business', async () => {
    const wrong = broken({ weight: 5000 });
    const labelled = { ...wrong, metadata: { ...good.metadata, labels: { a: 'b' } } };
    const { response, counted, asked } = await review(labelled, wrong, { world: EMPTY });
    expect(response).to.deep.equal({ uid: 'one', allowed: true });
    expect([counted, asked]).to.deep.equal([['unchanged'], []]);
  });

  it('bounds that decide everything are warned about', async () => {
    const amounts = [0.01, 0.02].map((amount) => ({ resource: 'cpu', amount: amount / 10 }) as const);
    const wanted = [...amounts, { resource: 'memory', amount: 2 ** 40 }] as const;
    const { response } = await review(good, undefined, { world: EMPTY, wanted });
    expect(response.warnings).to.deep.equal([
      NOTHING_MATCHES,
      'resourceBounds.cpu.min decides the cpu of all 2 containers: usage asks for 1m to 2m',
    ]);
  });

  it('nor is one that is on its way out, a subresource, or another kind', async () => {
    const going = {
      ...broken({ weight: 5000 }),
      metadata: { ...good.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect((await review(going, good)).response.allowed).to.equal(true);
    const status = { subResource: 'status' };
    expect((await review(broken({ weight: 5000 }), good, { request: status })).response.allowed).to.equal(true);
    const kind = { group: '', version: 'v1', kind: 'Pod' };
    for (const object of [{}, { spec: 7 }, good]) {
      expect((await review(object, undefined, { request: { kind } })).response).to.deep.equal({
        uid: 'one',
        allowed: true,
      });
    }
  });

  it('B-SEL-5 one that reaches farther than its author may is refused, and says where', async () => {
    const everywhere = { outcome: 'missing', rights: [{ resource: 'deployments' }] } as const;
    const { response, counted } = await review(good, undefined, { rights: everywhere });
    expect(response.status).to.deep.include({ code: 403, reason: 'Forbidden' });
    expect(response.status?.message).to.equal(
      'the policy can reach every namespace, now or later, and user "jane" may not patch deployments.apps in all of them: ' +
        'name the namespaces in selector.namespaces.allow, or let somebody create it who may',
    );
    expect(counted).to.deep.equal(['forbidden']);
    const rights = ['a', 'b', 'c', 'd', 'e', 'f'].map((namespace) => ({ resource: 'daemonsets', namespace }));
    const some = await review(good, undefined, { rights: { outcome: 'missing', rights } });
    expect(some.response.status?.message).to.equal(
      'the policy reaches "a", "b", "c", "d", "e" and 1 more, where user "jane" may not patch daemonsets.apps',
    );
    expect(some.response.status?.details?.causes[0]).to.deep.equal({
      reason: 'FieldValueForbidden',
      field: 'spec.selector',
      message: 'no right to patch daemonsets.apps in namespace a',
    });
    const many = await review(good, undefined, { rights: { outcome: 'too-many', namespaces: 300, most: 100 } });
    expect(many.response.status?.message).to.contain('300 namespaces').and.to.contain('split the policy');
  });

  it('B-SEL-5 asks about who makes a change, and not where that can only weaken the policy', async () => {
    const missing = { rights: { outcome: 'missing', rights: [{ resource: 'deployments' }] } } as const;
    const change = async (spec: object) =>
      (await review(policyOf({ selector: ALL, ...spec }), good, missing)).response.allowed;
    expect(await change({ reconciliationInterval: '1m' })).to.equal(false);
    expect(await change({ mode: 'Recommend' })).to.equal(true);
    expect(await change({ selector: { ...ALL, namespaces: { deny: ['payments'] } } })).to.equal(true);
    expect(await change({ mode: 'Disabled', selector: { workloadSelector: { matchLabels: { a: 'b' } } } })).to.equal(
      true,
    );
    const off = policyOf({ selector: ALL, mode: 'Disabled' });
    expect((await review(off, undefined, missing)).response.allowed).to.equal(true);
    expect((await review(good, off, missing)).response.allowed).to.equal(false);
    // Nothing of one that is broken is in effect, so that making it whole is more than weakening it.
    const wrong = broken({ mode: 'Auto', selector: { ...ALL, namespaces: { deny: ['x'.repeat(64)] } } });
    const whole = policyOf({ selector: { ...ALL, namespaces: { deny: ['x'] } } });
    expect((await review(whole, wrong, missing)).response.allowed).to.equal(false);
  });

  it('B-SEL-5 where nobody can say what the author may, the policy is allowed with a warning', async () => {
    const { response, counted } = await review(good, undefined, {
      rights: { outcome: 'unknown', problem: '503' },
      world: EMPTY,
    });
    expect(response.allowed).to.equal(true);
    expect(response.warnings).to.deep.equal([
      'OptiPod could not check whether you may patch workloads wherever this policy could: 503',
      NOTHING_MATCHES,
    ]);
    expect(counted).to.deep.equal(['unchecked']);
  });

  it('B-WEB-4 an error inside allows it, with a warning and counted, as failurePolicy Ignore does', async () => {
    const { response, counted } = await review(good, undefined, { rights: new Error('a defect') });
    expect(response.allowed).to.equal(true);
    expect(response.warnings?.[0]).to.contain('could not review this policy');
    expect(counted).to.deep.equal(['error']);
  });

  it('B-SEL-5 with policyScope Namespace other namespaces are refused, and nobody’s rights are asked for', async () => {
    const named = policyOf({ selector: { namespaces: { allow: ['shop', 'other'] } } });
    const options = { policyScope: 'Namespace', rights: 'not asked' } as const;
    const { response, asked } = await review(named, undefined, options);
    expect(response.status?.details?.causes).to.deep.equal([
      {
        field: 'spec.selector.namespaces.allow[1]',
        reason: 'FieldValueForbidden',
        message:
          'Forbidden: policies reach no namespace but their own here (policyScope: Namespace), and "other" is another',
      },
    ]);
    expect(asked).to.deep.equal([]);
    expect((await review(good, undefined, options)).response).to.deep.equal({ uid: 'one', allowed: true });
    // One from before the setting stands until its names are touched.
    const edited = policyOf({ selector: { namespaces: { allow: ['shop', 'other'] } }, weight: 7 });
    const stands = await review(edited, named, options);
    expect(stands.response.allowed).to.equal(true);
    expect(stands.response.warnings?.[0]).to.contain('"other" is another; it stands because it is as it was');
  });

  it('warns from memory, and says nothing as long as memory is not complete', async () => {
    expect((await review(good, undefined, { world: EMPTY })).response.warnings).to.deep.equal([NOTHING_MATCHES]);
    expect((await review(good)).response).not.to.have.property('warnings');
  });
});
