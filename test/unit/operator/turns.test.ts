import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { Turns } from '../../../operator/workloads/turns.js';

describe('turns', () => {
  it('are taken one after the other for a key, whatever became of the one before, and side by side for others', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const work =
      (name: string, ms: number, fails = false) =>
      async () => {
        seen.push(`${name} begins`);
        await pause(ms);
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const outcomes = await Promise.allSettled([
      turns.take('a', work('first', 20, true)),
      turns.take('a', work('second', 1)),
      turns.take('b', work('other', 1)),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled', 'fulfilled']);
    expect(seen.indexOf('first ends')).to.be.lessThan(seen.indexOf('second begins'));
    expect(seen.indexOf('other ends')).to.be.lessThan(seen.indexOf('first ends'));
    expect(await turns.take('a', work('third', 0))).to.equal('third');
  });
});
