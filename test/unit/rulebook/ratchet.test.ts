import { expect } from 'chai';
import { policyValidator } from 'optipod/lib/api';

const spec = (more: object = {}) => ({
  mode: 'Auto',
  selector: { namespaces: { allow: ['shop'] } },
  metricsConfig: { provider: 'prometheus' },
  resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
  updateStrategy: {},
  ...more,
});

function update(before: object, after: object) {
  const [old, now] = [before, after].map((given) => ({ metadata: { name: 'web' }, spec: spec(given) }));
  const { broken, tolerated } = policyValidator.validateUpdate(now, old);
  return { broken: broken.map(({ path }) => path), tolerated: tolerated.map(({ path }) => path) };
}

describe('ratcheting: what an update broke, and what was broken before', () => {
  it('B-API-9 a field that was wrong and stays as it is is tolerated; one that becomes wrong is not', () => {
    const wrong = { weight: 5000 };
    expect(update(wrong, { ...wrong, mode: 'Off' })).to.deep.equal({
      broken: ['spec.mode'],
      tolerated: ['spec.weight'],
    });
    expect(update({ weight: 4000 }, wrong)).to.deep.equal({ broken: ['spec.weight'], tolerated: [] });
    expect(update({}, wrong)).to.deep.equal({ broken: ['spec.weight'], tolerated: [] });
  });

  it('B-API-9 a rule that compares two fields stands where it is: one of them changed is not as before', () => {
    const bounds = (min: string, max: string) => ({ resourceBounds: { ...spec().resourceBounds, cpu: { min, max } } });
    const path = 'spec.resourceBounds.cpu.min';
    expect(update(bounds('4', '1'), { ...bounds('4', '1'), weight: 7 })).to.deep.equal({
      broken: [],
      tolerated: [path],
    });
    expect(update(bounds('4', '1'), bounds('4', '2'))).to.deep.equal({ broken: [path], tolerated: [] });
  });

  it('B-API-9 a missing field is about the object that lacks it', () => {
    const cpu = { min: '10m' };
    const lacks = (memory: object) => ({ resourceBounds: { cpu, memory } });
    const memory = { min: '16Mi', max: '4Gi' };
    const path = 'spec.resourceBounds.cpu.max';
    expect(update(lacks(memory), lacks({ ...memory, max: '2Gi' }))).to.deep.equal({ broken: [], tolerated: [path] });
    const before = { resourceBounds: { cpu: { min: '20m' }, memory } };
    expect(update(before, lacks(memory))).to.deep.equal({ broken: [path], tolerated: [] });
  });

  it('B-API-9 a list is judged whole as soon as anything in it changes', () => {
    const allow = (...names: string[]) => ({ selector: { namespaces: { allow: names } } });
    const long = 'x'.repeat(64);
    const path = 'spec.selector.namespaces.allow[0]';
    expect(update(allow(long), { ...allow(long), weight: 7 })).to.deep.equal({ broken: [], tolerated: [path] });
    expect(update(allow(long), allow(long, 'b'))).to.deep.equal({ broken: [path], tolerated: [] });
  });

  it('B-API-9 what is tolerated does not hide what an edit breaks elsewhere', () => {
    const bounds = { resourceBounds: { ...spec().resourceBounds, cpu: { min: '4', max: '1' } } };
    expect(update({ mode: 'Off' }, { mode: 'Off', ...bounds })).to.deep.equal({
      broken: ['spec.resourceBounds.cpu.min'],
      tolerated: ['spec.mode'],
    });
  });

  it('B-API-9 double items are let stand where there were any before', () => {
    const lists = (allow: string[], deny: string[]) => ({ selector: { namespaces: { allow, deny } } });
    const allow = 'spec.selector.namespaces.allow[1]';
    expect(update(lists(['a'], ['b']), lists(['a', 'a'], ['b']))).to.deep.equal({ broken: [allow], tolerated: [] });
    const { broken, tolerated } = update(lists(['a'], ['b', 'b']), lists(['a', 'a'], ['b', 'b']));
    expect(broken).to.deep.equal([]);
    expect(tolerated).to.have.members([allow, 'spec.selector.namespaces.deny[1]']);
  });

  it('B-API-9 labels with dots in their keys are found', () => {
    const labels = (more: object) => ({ selector: { workloadSelector: { matchLabels: { 'a.b/c': 7, ...more } } } });
    const path = 'spec.selector.workloadSelector.matchLabels.a.b/c';
    expect(update(labels({}), labels({ a: 'b' }))).to.deep.equal({ broken: [], tolerated: [path] });
    expect(update(labels({}), labels({ 'a.b/c': 8 }))).to.deep.equal({ broken: [path], tolerated: [] });
  });
});
