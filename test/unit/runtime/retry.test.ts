import { expect } from 'chai';
import { ApiError, ConnectionError, retryOnConflict } from '../../../operator/runtime/index.js';

const conflict = new ApiError('update', 409, { kind: 'Status', reason: 'Conflict' });

describe('retry on conflict', () => {
  async function run(outcomes: readonly unknown[], options: Parameters<typeof retryOnConflict>[1] = {}) {
    let calls = 0;
    const outcome = await retryOnConflict(
      () => {
        const next = outcomes[Math.min(calls, outcomes.length - 1)];
        calls += 1;
        return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
      },
      { pauseMs: 1, ...options },
    ).catch((error: unknown) => error);
    return { outcome, calls };
  }

  it('reads, changes and writes again, a few times, and only after a conflict', async () => {
    expect(await run([conflict, conflict, 'done'])).to.deep.equal({ outcome: 'done', calls: 3 });
    expect(await run([conflict])).to.deep.equal({ outcome: conflict, calls: 5 });
    const exists = new ApiError('create', 409, { kind: 'Status', reason: 'AlreadyExists' });
    for (const other of [exists, new ConnectionError('update', 'reset'), new Error('no')]) {
      expect(await run([other, 'done'])).to.deep.equal({ outcome: other, calls: 1 });
    }
  });

  it('ends at its signal, with the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 5);
    const { outcome } = await run([conflict], { pauseMs: 60_000, signal: controller.signal });
    expect(outcome).to.equal(reason);
  });
});
