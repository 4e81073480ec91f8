import { expect } from 'chai';
import { collectEvery } from '../../../operator/runtime/index.js';
import { countCollections } from '../../support/collections.js';

const MB = 1_000_000;

describe('garbage', () => {
  let collections: ReturnType<typeof countCollections>;

  beforeEach(() => (collections = countCollections()));
  afterEach(() => collections.end());

  /** How often it is collected while so many bytes go by in pieces. */
  function collected(bytes: number, inUse: number): number {
    const wentBy = collectEvery(20 * MB, () => inUse);
    for (let gone = 0; gone < bytes; gone += MB) wentBy(MB);
    return collections.asked;
  }

  it('is collected each time that so many bytes went by', () => {
    expect(collected(100 * MB, 40 * MB)).to.equal(5);
  });

  it('is collected more seldom where more is in use, and a collection costs more', () => {
    expect(collected(1020 * MB, 400 * MB)).to.equal(6);
  });

  it('is not collected for what is little', () => {
    expect(collected(19 * MB, 40 * MB)).to.equal(0);
  });
});
