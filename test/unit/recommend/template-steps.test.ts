import { expect } from 'chai';
import fc from 'fast-check';
import { GIBI, MEBI } from './inputs.js';
import { Story, type Fate } from './story.js';

describe('gradual decreases in a template', () => {
  it('B-REC-6 go 2Gi, 1844Mi, 1660Mi, … 1Gi, a step an interval, and remember 2Gi', () => {
    const story = new Story();
    const seen = [];
    for (let pass = 0; pass < 8; pass += 1) {
      story.pass('applied');
      seen.push(story.memory);
      // Watches hasten nothing.
      story.now += 100;
      story.pass('applied');
      expect(story.memory).to.equal(seen.at(-1));
      story.now += 200;
    }
    expect(seen).to.deep.equal(['1844Mi', '1660Mi', '1494Mi', '1345Mi', '1211Mi', '1090Mi', '1Gi', '1Gi']);
    expect(story.applying.originals).to.deep.equal([{ name: 'web', memory: { request: '2Gi' } }]);
    expect(story.states.get('web')?.original).to.equal(2 * GIBI);
  });

  it('B-REC-6 wait until the step before is in effect', () => {
    const story = new Story();
    story.pass('applied');
    story.now += 300;
    story.pass('applied', false);
    expect(story.memory).to.equal('1844Mi');
  });

  it('B-REC-6 the same steps from the same original, whatever was refused, and wherever the operator ended', () => {
    const fate = fc.constantFrom<Fate>('applied', 'refused', 'ended before it was told');
    const steps = ['2Gi', '1844Mi', '1660Mi', '1494Mi', '1345Mi', '1211Mi', '1090Mi', '1Gi'];
    fc.assert(
      fc.property(fc.array(fc.tuple(fate, fc.integer({ min: 1, max: 600 })), { maxLength: 20 }), (passes) => {
        const story = new Story();
        let stepped = -Infinity;
        for (const [how, seconds] of passes) {
          const before = steps.indexOf(story.memory);
          story.pass(how);
          const after = steps.indexOf(story.memory);
          expect(after, story.memory).to.be.oneOf(how === 'refused' ? [before] : [before, before + 1]);
          if (after > before) {
            expect(story.now - stepped).to.be.at.least(300);
            stepped = story.now;
          }
          story.now += seconds;
        }
        const { originals } = story.applying;
        if (originals) expect(originals).to.deep.equal([{ name: 'web', memory: { request: '2Gi' } }]);
      }),
    );
  });

  /** @returns what new pods had, pass by pass */
  function passes(story: Story, count: number): string[] {
    return Array.from({ length: count }, () => {
      story.now += 300;
      story.pass('applied');
      return story.memory;
    });
  }

  it('B-REC-6 are counted from the same original when the webhook takes over, and lead no further', () => {
    const story = new Story();
    story.used = 100 * MEBI;
    expect(passes(story, 3)).to.deep.equal(['1844Mi', '1660Mi', '1494Mi']);
    story.strategy = 'webhook';
    expect(passes(story, 2)).to.deep.equal(['1345Mi', '1211Mi']);
    // maximumTotalDecrease is 70, of 2Gi.
    expect(passes(story, 10).at(-1)).to.equal('615Mi');
    // An edit is one.
    story.edit('1Gi');
    expect(passes(story, 10).at(-1)).to.equal('308Mi');
  });

  it('B-REC-6 are counted from the same original however often the strategy changes', () => {
    const story = new Story();
    story.used = 100 * MEBI;
    for (const strategy of ['webhook', 'ssa', 'webhook', 'ssa', 'webhook'] as const) {
      story.strategy = strategy;
      passes(story, 3);
    }
    expect(passes(story, 12).at(-1)).to.equal('615Mi');
    expect(story.applying.originals).to.deep.equal([{ name: 'web', memory: { request: '2Gi' } }]);
  });
});
