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

  it('has no other fields than those of every object', () => {
    expect(metadataErrors({ name: 'web', lables: {} }).map(({ message }) => message)).to.deep.equal([
      'unknown field "metadata.lables"',
    ]);
  });
});
