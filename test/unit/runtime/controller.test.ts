import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { TerminalError, createController, createMetrics } from '../../../operator/runtime/index.js';
import { until } from './fake-apiserver.js';
import { fakeClock } from './fake-clock.js';

describe('controller', () => {
  it('never reconciles a key twice at a time, and sees every change', async () => {
    const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), turns: fc.nat({ max: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (changes, concurrency) => {
          const wanted = new Map<string, number>();
          const seen = new Map<string, number>();
          const working = new Set<string>();
          let failures = 3;
          const controller = createController({
            name: 'test',
            concurrency,
            async reconcile(key) {
              expect(working.has(key)).to.equal(false);
              working.add(key);
              expect(working.size).to.be.at.most(concurrency);
              const version = wanted.get(key) ?? 0;
              await turn();
              working.delete(key);
              if (failures-- > 0 && failures % 2 === 0) throw new Error('not yet');
              seen.set(key, version);
            },
          });
          const stop = new AbortController();
          const running = controller.run(stop.signal);
          for (const { key, turns } of changes) {
            wanted.set(key, (wanted.get(key) ?? 0) + 1);
            controller.enqueue(key);
            for (let count = 0; count < turns; count += 1) await turn();
          }
          await until(() => [...wanted].every(([key, version]) => seen.get(key) === version));
          stop.abort();
          await running;
        },
      ),
      { numRuns: 30 },
    );
  });

  it('tries again after a failure, and logs and counts it', async () => {
    const metrics = createMetrics();
    const stop = new AbortController();
    let calls = 0;
    const controller = createController({
      name: 'test',
      metrics,
      async reconcile() {
        await turn();
        calls += 1;
        if (calls < 3) throw new Error('no');
      },
    });
    controller.enqueue('a');
    const running = controller.run(stop.signal);
    await until(() => calls === 3);
    stop.abort();
    await running;
    const text = await metrics.registry.metrics();
    expect(text).to.contain('controller_runtime_reconcile_total{controller="test",result="error"} 2');
    expect(text).to.contain('controller_runtime_reconcile_total{controller="test",result="success"} 1');
    expect(text).to.contain('controller_runtime_reconcile_errors_total{controller="test"} 2');
    expect(text).to.contain('controller_runtime_reconcile_time_seconds_count{controller="test"} 3');
    expect(text).to.contain('controller_runtime_active_workers{controller="test"} 0');
    expect(text).to.contain('workqueue_retries_total{name="test"} 2');
  });

  it('does not try again what cannot be helped, until the key is enqueued again', async () => {
    const metrics = createMetrics();
    const stop = new AbortController();
    const clock = fakeClock();
    let calls = 0;
    const controller = createController({
      name: 'test',
      metrics,
      clock,
      reconcile() {
        calls += 1;
        throw calls === 2 ? new Error('later') : new TerminalError('never');
      },
    });
    const running = controller.run(stop.signal);
    controller.enqueue('a');
    await until(() => calls === 1);
    await turn();
    clock.advance(10_000);
    await turn();
    expect(calls).to.equal(1);
    controller.enqueue('a');
    await until(() => calls === 2);
    await turn();
    clock.advance(5);
    await until(() => calls === 3);
    stop.abort();
    await running;
    const text = await metrics.registry.metrics();
    expect(text).to.contain('controller_runtime_terminal_reconcile_errors_total{controller="test"} 2');
    expect(text).to.contain('controller_runtime_reconcile_errors_total{controller="test"} 3');
    expect(text).to.contain('workqueue_retries_total{name="test"} 1');
  });

  it('comes to timed looks after what happens meanwhile', async () => {
    const stop = new AbortController();
    const clock = fakeClock();
    const order: string[] = [];
    const controller = createController({
      name: 'test',
      clock,
      reconcile(key) {
        order.push(key);
        return Promise.resolve(key === 'timed' ? { requeueAfterMs: 1000 } : undefined);
      },
    });
    const running = controller.run(stop.signal);
    controller.enqueue('timed');
    await until(() => order.length === 1);
    await turn();
    // All at the same time, while the only worker is free but not yet awake.
    controller.enqueue('first', { priority: 'low' });
    clock.advance(1000);
    controller.enqueue('swarm', { settle: { quietMs: 5, maxMs: 10 }, priority: 'low' });
    controller.enqueue('edit');
    await until(() => order.length === 4);
    clock.advance(5);
    await until(() => order.length === 5);
    expect(order.slice(1)).to.deep.equal(['first', 'edit', 'timed', 'swarm']);
    stop.abort();
    await running;
  });

  it('reconciles again after the time that was asked for', async () => {
    const stop = new AbortController();
    let calls = 0;
    const controller = createController({
      name: 'test',
      reconcile: () => Promise.resolve({ requeueAfterMs: ++calls < 3 ? 1 : 60_000 }),
    });
    controller.enqueueAfter('a', 1);
    const running = controller.run(stop.signal);
    await until(() => calls === 3);
    stop.abort();
    await running;
  });

  it('aborts the signal of a reconciliation whose time is up', async () => {
    const stop = new AbortController();
    const reasons: unknown[] = [];
    const controller = createController({
      name: 'test',
      timeoutMs: 5,
      reconcile: (_, { signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            resolve();
          });
        }),
    });
    controller.enqueue('a');
    const running = controller.run(stop.signal);
    await until(() => reasons.length === 1);
    expect(String(reasons[0])).to.equal('Error: not reconciled within 0.005 s');
    stop.abort();
    await running;
  });

  it('B-OPR-6 when stopped starts nothing, finishes what is under way, and cuts it when it takes too long', async () => {
    const stop = new AbortController();
    const started: string[] = [];
    const cut: string[] = [];
    let finish: () => void = () => undefined;
    const controller = createController({
      name: 'test',
      concurrency: 2,
      drainMs: 20,
      reconcile: (key, { signal }) => {
        started.push(key);
        return new Promise<void>((resolve, reject) => {
          if (key === 'quick') finish = resolve;
          signal.addEventListener('abort', () => {
            cut.push(key);
            reject(signal.reason as Error);
          });
        });
      },
    });
    for (const key of ['quick', 'slow', 'waiting']) controller.enqueue(key);
    const running = controller.run(stop.signal);
    await until(() => started.length === 2);
    stop.abort();
    controller.enqueue('late');
    finish();
    await running;
    expect({ started, cut }).to.deep.equal({ started: ['quick', 'slow'], cut: ['slow'] });
  });
});
