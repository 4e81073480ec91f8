import { expect } from 'chai';
import { metadataErrors } from '../../../lib/kube/validation/metadata.js';

const paths = (metadata: unknown) => metadataErrors(metadata).map(({ path }) => path);

describe('B-API-9 metadata', () => {
  it('needs a name, or something to make one from', () => {
    expect(paths({ name: 'web' })).to.deep.equal([]);
    expect(paths({ generateName: 'web-' })).to.deep.equal([]);
    for (const none of [undefined, null, {}, { name: '' }, { name: null }]) {
      expect(paths(none)).to.deep.equal(['metadata.name']);
    }
  });

  it('takes the names that kube-apiserver takes', () => {
    for (const name of ['a', 'a.b', '0-0', 'a'.repeat(253)]) expect(paths({ name }), name).to.deep.equal([]);
    for (const name of ['Web', 'web_1', '-web', 'web.', 'a..b', 'ü', 'a'.repeat(254)]) {
      expect(paths({ name }), name).to.deep.equal(['metadata.name']);
    }
  });

  it('has labels and annotations of texts', () => {
    expect(
      paths({ name: 'web', labels: { 'example.com/team': 'web', tier: '' }, annotations: { 'A/b': 'any text' } }),
    ).to.deep.equal([]);
    expect(paths({ name: 'web', labels: { team: 7 }, annotations: { on: true } })).to.deep.equal([
      'metadata.labels.team',
      'metadata.annotations.on',
    ]);
    expect(paths({ name: 'web', labels: [], annotations: 'x' })).to.deep.equal([
      'metadata.labels',
      'metadata.annotations',
    ]);
    expect(paths({ name: 'web', labels: { 'a b': 'x', team: 'a b' } })).to.deep.equal([
      'metadata.labels',
      'metadata.labels',
    ]);
  });

  it('has annotations of 256 KiB at most', () => {
    const filled = (bytes: number) => ({ name: 'web', annotations: { a: 'ü'.repeat((bytes - 1) / 2) } });
    expect(paths(filled(256 * 1024 - 1))).to.deep.equal([]);
    expect(paths(filled(256 * 1024 + 1))).to.deep.equal(['metadata.annotations']);
  });

  it('has owners that are named in full, and one controller', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1' };
    const of = (...ownerReferences: unknown[]) => paths({ name: 'web', ownerReferences });
    expect(of(owner, { ...owner, apiVersion: 'v1', controller: true })).to.deep.equal([]);
    const controller = { ...owner, controller: true };
    expect(of(controller, { ...controller, uid: '2' })).to.deep.equal(['metadata.ownerReferences']);
    // The same one twice is one.
    expect(of(controller, controller)).to.deep.equal([]);
    expect(of({ ...owner, controler: true }, { ...owner, controller: 'true' })).to.deep.equal([
      'metadata.ownerReferences[0].controler',
      'metadata.ownerReferences[1].controller',
    ]);
    expect(of(null)).to.deep.equal(
      ['apiVersion', 'kind', 'name', 'uid'].map((field) => `metadata.ownerReferences.${field}`),
    );
    for (const apiVersion of ['', 'apps/', 'a/b/c']) {
      expect(of({ ...owner, apiVersion }), apiVersion).to.deep.equal(['metadata.ownerReferences.apiVersion']);
    }
    expect(of({ ...owner, apiVersion: 'v1', kind: 'Event' })).to.deep.equal(['metadata.ownerReferences']);
  });

  it('has finalizers that are names', () => {
    const of = (...finalizers: unknown[]) => paths({ name: 'web', finalizers });
    expect(of('example.com/done', 'orphan')).to.deep.equal([]);
    for (const name of ['', 'a b', null]) expect(of(name).length).to.be.above(0);
    expect(of(7)).to.deep.equal(['metadata.finalizers[0]']);
    expect(of('orphan', 'foregroundDeletion')).to.deep.equal(['metadata.finalizers']);
  });

  it('may have what kube-apiserver had written', () => {
    const read = { uid: '1', resourceVersion: '7', generation: 1, creationTimestamp: null, managedFields: [{}] };
    expect(paths({ name: 'web', ...read })).to.deep.equal([]);
    expect(paths({ name: 'web', generation: '1', uid: 1 })).to.deep.equal(['metadata.generation', 'metadata.uid']);
  });

  it('has no other fields than those of every object', () => {
    expect(metadataErrors({ name: 'web', lables: {} }).map(({ message }) => message)).to.deep.equal([
      'unknown field "metadata.lables"',
    ]);
  });
});
