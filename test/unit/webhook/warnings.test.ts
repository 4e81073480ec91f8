import { expect } from 'chai';
import fc from 'fast-check';
import { limitedWarnings } from '../../../webhook/server/index.js';
import { anyCharacter } from '../../support/any-character.js';

/** As Go counts them. */
const runes = (text: string) => Array.from(text).length;
const together = (lines: readonly string[]) => lines.reduce((sum, line) => sum + runes(line), 0);

describe('warnings', () => {
  it('stay as they are, each once, where they fit', () => {
    expect(limitedWarnings(['one', 'two', 'one', ''])).to.deep.equal(['one', 'two']);
  });

  it('have no control characters, for which kube-apiserver would drop them', () => {
    expect(limitedWarnings(['a\nb\t\u0000c\u0085d\n'])).to.deep.equal(['a b c d']);
  });

  it('are cut to 256 characters, whole ones', () => {
    expect(limitedWarnings(['x'.repeat(256)])).to.deep.equal(['x'.repeat(256)]);
    expect(limitedWarnings(['x'.repeat(257)])).to.deep.equal([`${'x'.repeat(255)}…`]);
    expect(limitedWarnings(['😀'.repeat(256)])).to.deep.equal(['😀'.repeat(256)]);
    expect(limitedWarnings(['😀'.repeat(300)])).to.deep.equal([`${'😀'.repeat(255)}…`]);
  });

  it('are 4096 characters in all, and say how many more there were', () => {
    const many = Array.from({ length: 40 }, (_, i) => `${String(i).padStart(3, '0')}${'x'.repeat(250)}`);
    const limited = limitedWarnings(many);
    expect(limited.at(-1)).to.equal('and 24 more warnings');
    expect(limited).to.have.lengthOf(17);
    expect(limitedWarnings(many.slice(0, 16))).to.deep.equal(many.slice(0, 16));
  });

  it('keep to the limits, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 600 }), { maxLength: 60 }), (warnings) => {
        const limited = limitedWarnings(warnings);
        for (const line of limited) {
          expect(runes(line)).to.be.within(1, 256);
          expect(line).not.to.match(/\p{Cc}/u);
        }
        expect(together(limited)).to.be.at.most(4096);
      }),
    );
  });
});
