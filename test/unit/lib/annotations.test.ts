import { expect } from 'chai';
import fc from 'fast-check';
import { ownAnnotations, readInjection, readRecommendations, sayTheSame, writeAnnotations } from 'optipod/lib/api';
import { annotationsFor, type AnnotationsInput } from 'optipod/lib/recommend';

const policy = { namespace: 'shop', name: 'web', uid: 'uid-1' };
const at = '2026-01-01T00:00:00Z';
const web = new Map([['web', { requests: { cpu: '240m', memory: '512Mi' } }]]);

describe('annotations', () => {
  it('B-ANN-1 Recommend tells, and does not inject', () => {
    const annotations = writeAnnotations({ policy, lastRecommendation: at, containers: web });
    expect(annotations).to.deep.equal({
      'optipod.io/managed': 'true',
      'optipod.io/policy': 'shop/web',
      'optipod.io/policy-uid': 'uid-1',
      'optipod.io/last-recommendation': at,
      'optipod.io/recommendation.web.cpu-request': '240m',
      'optipod.io/recommendation.web.memory-request': '512Mi',
    });
    expect(readInjection(annotations)).to.equal(undefined);
  });

  it('B-ANN-2 Auto with the webhook adds what the webhook reads; with ssa only the strategy', () => {
    const injected = writeAnnotations({ policy, lastRecommendation: at, containers: web, strategy: 'webhook' });
    expect(injected).to.include({
      'optipod.io/strategy': 'webhook',
      'optipod.io/webhook-enabled': 'true',
      'optipod.io/cpu-request.web': '240m',
      'optipod.io/memory-request.web': '512Mi',
    });
    expect(readInjection(injected)).to.deep.equal({ policyUid: 'uid-1', policy: 'shop/web', containers: web });
    const ssa = writeAnnotations({ policy, lastRecommendation: at, containers: web, strategy: 'ssa' });
    expect(ssa).to.include({ 'optipod.io/strategy': 'ssa' });
    expect(readInjection(ssa)).to.equal(undefined);
  });

  it('B-ANN-4 every key has at most 63 characters after the slash, and every container name is read back', () => {
    const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    const amount = fc.constantFrom('100m', '2', '512Mi');
    // Plain objects: the comparison cannot sort those without a prototype.
    const plain = { noNullPrototype: true };
    const resources = fc.record(
      { requests: fc.record({ cpu: amount, memory: amount }, plain), limits: fc.record({ cpu: amount }, plain) },
      plain,
    );
    fc.assert(
      fc.property(fc.dictionary(name, resources), (containers) => {
        const said = new Map(Object.entries(containers));
        const annotations = writeAnnotations({ policy, lastRecommendation: at, containers: said, strategy: 'webhook' });
        for (const key of Object.keys(annotations)) expect(key.split('/')[1]?.length).to.be.at.most(63);
        expect(readRecommendations(annotations)).to.deep.equal(said);
        expect(readInjection(annotations)?.containers).to.deep.equal(said);
      }),
    );
  });

  it("B-ANN-3 knows its own annotations from everybody else's", () => {
    const own = writeAnnotations({ policy, lastRecommendation: at, containers: web, strategy: 'webhook' });
    const others = { 'optipod.io/ignore': 'true', 'optipod.io/ignore-containers': 'a', team: 'web' };
    expect(ownAnnotations({ ...own, ...others })).to.deep.equal(own);
    expect(sayTheSame(own, { ...own, 'optipod.io/last-recommendation': 'later' })).to.equal(true);
    expect(sayTheSame(own, { ...own, 'optipod.io/cpu-request.web': '1' })).to.equal(false);
    expect(sayTheSame(own, {})).to.equal(false);
  });

  it('survives whatever people write into them', () => {
    const key = fc.constantFrom(
      'resources',
      'cpu-request.web',
      'recommendation.web.cpu-request',
      'recommendation.',
      'strategy',
    );
    fc.assert(
      fc.property(fc.dictionary(key, fc.oneof(fc.string(), fc.json())), (values) => {
        const annotations = Object.fromEntries(
          Object.entries(values).map(([name, value]) => [`optipod.io/${name}`, value]),
        );
        readRecommendations(annotations);
        readInjection({ ...annotations, 'optipod.io/strategy': 'webhook', 'optipod.io/webhook-enabled': 'true' });
      }),
    );
  });
});

describe('annotations that a workload should have', () => {
  const governing = (spec: object = {}, uid = 'uid-1') =>
    ({
      metadata: { ...policy, uid, resourceVersion: '1', creationTimestamp: at },
      spec: { mode: 'Auto', updateStrategy: { strategy: 'webhook', updateRequestsOnly: true }, ...spec },
    }) as NonNullable<AnnotationsInput['policy']>;
  const workload = (annotations: Record<string, string> = {}, names = ['web']) => ({
    metadata: { annotations },
    pod: { containers: names.map((name) => ({ name })) },
  });
  const fresh = { at, containers: web };
  const standing = annotationsFor({ policy: governing(), workload: workload(), fresh });

  it('B-ANN-5 none without a policy, or under a disabled one', () => {
    expect(annotationsFor({ policy: undefined, workload: workload(standing), fresh })).to.deep.equal({});
    expect(annotationsFor({ policy: governing({ mode: 'Disabled' }), workload: workload(standing) })).to.deep.equal({});
  });

  it('B-ANN-5 injection stops when the policy goes to Recommend, without any new usage', () => {
    const said = annotationsFor({ policy: governing({ mode: 'Recommend' }), workload: workload(standing) });
    expect(readInjection(said)).to.equal(undefined);
    expect(readRecommendations(said)).to.deep.equal(web);
  });

  it("B-ANN-5 another policy's numbers are not carried over", () => {
    expect(annotationsFor({ policy: governing({}, 'uid-2'), workload: workload(standing) })).to.deep.equal({});
  });

  it('B-APP-11 say since when a workload has its own resources that went back to them, until there is another recommendation', () => {
    const later = { at: '2026-01-02T00:00:00Z', containers: new Map() };
    const back = annotationsFor({
      policy: governing(),
      workload: workload(standing),
      fresh: later,
      instead: new Map(),
    });
    expect(readInjection(back)).to.deep.equal({ policyUid: 'uid-1', policy: 'shop/web', containers: new Map() });
    expect(back['optipod.io/last-recommendation']).to.equal(later.at);
    const evenLater = { ...later, at: '2026-01-03T00:00:00Z' };
    const again = { policy: governing(), workload: workload(back) };
    expect(annotationsFor({ ...again, fresh: evenLater, instead: new Map() })).to.deep.equal(back);
    expect(annotationsFor(again)).to.deep.equal(back);
    expect(annotationsFor({ ...again, fresh })).to.deep.equal(standing);
    expect(annotationsFor({ ...again, policy: governing({}, 'uid-2') })).to.deep.equal({});
  });

  it('B-ANN-2 a container without a recommendation now keeps what was last written', () => {
    const both = workload(standing, ['web', 'side']);
    const side = { at: '2026-01-02T00:00:00Z', containers: new Map([['side', { requests: { cpu: '1' } }]]) };
    const said = annotationsFor({ policy: governing(), workload: both, fresh: side });
    expect(said).to.include({ 'optipod.io/cpu-request.web': '240m', 'optipod.io/cpu-request.side': '1' });
    const none = annotationsFor({ policy: governing(), workload: both, fresh: { at: 'later', containers: new Map() } });
    expect(none).to.deep.equal(standing);
  });

  it('B-ANN-2 a held resource keeps what was last written, next to one that is written anew', () => {
    const only = { at: '2026-01-02T00:00:00Z', containers: new Map([['web', { requests: { cpu: '300m' } }]]) };
    const said = annotationsFor({ policy: governing(), workload: workload(standing), fresh: only });
    expect(said).to.include({ 'optipod.io/cpu-request.web': '300m', 'optipod.io/memory-request.web': '512Mi' });
  });

  it('B-ANN-3 a renamed container and limits that are no longer managed disappear', () => {
    expect(annotationsFor({ policy: governing(), workload: workload(standing, ['renamed']) })).to.deep.equal({});
    const limits = { at, containers: new Map([['web', { requests: { cpu: '1' }, limits: { cpu: '2' } }]]) };
    const managed = governing({ updateStrategy: { strategy: 'webhook', updateRequestsOnly: false } });
    const withLimits = annotationsFor({ policy: managed, workload: workload(), fresh: limits });
    expect(withLimits).to.include({ 'optipod.io/cpu-limit.web': '2' });
    expect(annotationsFor({ policy: governing(), workload: workload(withLimits) })).to.not.have.property(
      'optipod.io/cpu-limit.web',
    );
  });

  it('B-ANN-2 that something was applied is said, and makes no other recommendation of it', () => {
    const later = { at: '2026-01-02T00:00:00Z', containers: web };
    const lastApplied = '2026-01-02T00:00:05Z';
    const said = annotationsFor({ policy: governing(), workload: workload(standing), fresh: later, lastApplied });
    expect(said).to.deep.equal({ ...standing, 'optipod.io/last-applied': lastApplied });
    expect(annotationsFor({ policy: governing(), workload: workload(said), fresh: later })).to.deep.equal(said);
    const other = { ...later, containers: new Map([['web', { requests: { cpu: '300m' } }]]) };
    expect(annotationsFor({ policy: governing(), workload: workload(said), fresh: other })).to.include({
      'optipod.io/last-recommendation': later.at,
      'optipod.io/last-applied': lastApplied,
    });
  });

  it('B-SEL-7 optipod.io/ignore-containers keeps a container out', () => {
    const ignoring = workload({ 'optipod.io/ignore-containers': 'side, web' }, ['web', 'side']);
    expect(annotationsFor({ policy: governing(), workload: ignoring, fresh })).to.deep.equal({});
  });
});
