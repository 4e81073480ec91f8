import { expect } from 'chai';
import { systemClock } from '../../../operator/runtime/index.js';

describe('clock', () => {
  it('waits out times that are longer than a timer takes, and can be called off', async () => {
    let fired = 0;
    const cancels = [2 ** 31, 1e12, Number.POSITIVE_INFINITY].map((ms) => systemClock.after(ms, () => (fired += 1)));
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    expect(fired).to.equal(0);
    for (const cancel of cancels) cancel();
    const never = systemClock.after(1, () => (fired += 1));
    never();
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    expect(fired).to.equal(0);
  });
});
