import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import {
  type Component,
  type LeaderElection,
  type Manager,
  NotLeaderError,
  createController,
  createManager,
  createMetrics,
  silentLogger,
} from '../../../operator/runtime/index.js';
import { countCollections } from '../../support/collections.js';
import { until } from './fake-apiserver.js';

describe('manager', () => {
  const log = silentLogger;

  /** A component that notes when it starts and stops. */
  function recorder(notes: string[], name: string, role: NonNullable<Component['role']>): Component {
    return {
      name,
      role,
      async run(signal) {
        notes.push(`start ${name}`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await new Promise((resolve) => setTimeout(resolve, 2));
        notes.push(`stop ${name}`);
      },
    };
  }

  function cache(notes: string[], name: string) {
    let sync: () => void = () => undefined;
    const state = { hasSynced: false };
    const synced = new Promise<void>((resolve) => {
      sync = () => {
        state.hasSynced = true;
        resolve();
      };
    });
    return Object.assign(state, recorder(notes, name, 'cache'), { synced, sync: () => sync() });
  }

  const get = async (manager: Manager, path: string, method = 'GET') => {
    const { port } = await manager.listening;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { code: response.status, text: await response.text(), type: response.headers.get('content-type') };
  };

  it('however many components there are, nothing but the log is written', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => void warnings.push(warning);
    process.on('warning', warned);
    const notes: string[] = [];
    const stop = new AbortController();
    const manager = createManager({ log });
    manager.add(...Array.from({ length: 20 }, (_, index) => recorder(notes, `controller ${index}`, 'controller')));
    const running = manager.run(stop.signal);
    await until(() => notes.length === 20);
    // A warning is emitted in a later turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await running;
    process.off('warning', warned);
    expect(warnings).to.deep.equal([]);
  });

  it('has what the first lists left behind collected before controllers start', async () => {
    const collections = countCollections();
    try {
      const notes: string[] = [];
      const stop = new AbortController();
      const pods = cache(notes, 'pods');
      const manager = createManager({ log });
      manager.add(pods, recorder(notes, 'policies', 'controller'));
      const running = manager.run(stop.signal);
      await until(() => notes.includes('start pods'));
      expect(collections.asked).to.equal(0);
      pods.sync();
      await until(() => notes.includes('start policies'));
      expect(collections.asked).to.equal(1);
      stop.abort();
      await running;
    } finally {
      collections.end();
    }
  });

  it('B-OPR-6 starts servers, caches, then controllers, and stops them in the opposite order', async () => {
    const notes: string[] = [];
    const stop = new AbortController();
    const pods = cache(notes, 'pods');
    const client = { close: () => Promise.resolve(void notes.push('close client')) };
    const manager = createManager({ log, client });
    manager.add(recorder(notes, 'controller', 'controller'), pods, recorder(notes, 'server', 'server'));
    const running = manager.run(stop.signal);
    await until(() => notes.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(notes).to.deep.equal(['start server', 'start pods']);
    pods.sync();
    await until(() => notes.length === 3);
    stop.abort();
    await running;
    expect(notes.slice(2)).to.deep.equal([
      'start controller',
      'stop controller',
      'stop pods',
      'stop server',
      'close client',
    ]);
  });

  /** Leads when the test says so. */
  function election(notes: string[]) {
    const lost = new AbortController();
    let lead: () => void = () => undefined;
    const led = new Promise<void>((resolve) => (lead = resolve));
    const note = (what: string) => () => Promise.resolve(void notes.push(what));
    const leaderElection: LeaderElection = {
      identity: 'me',
      isLeader: true,
      fence: () => undefined,
      async acquire(signal) {
        notes.push('campaign');
        await Promise.race([led, once(signal, 'abort')]);
        return signal.aborted ? undefined : { lost: lost.signal, release: note('release'), resign: note('resign') };
      },
      close: note('close election'),
    };
    return { leaderElection, lead: () => lead(), lose: () => lost.abort(new NotLeaderError('lost')) };
  }

  it('B-OPR-1 runs controllers on the leader alone, and gives the lease back when they and what they told are done', async () => {
    const notes: string[] = [];
    const stop = new AbortController();
    const { leaderElection, lead } = election(notes);
    const pods = cache(notes, 'pods');
    const client = { close: () => Promise.resolve(void notes.push('close client')) };
    const manager = createManager({ log, client, leaderElection });
    manager.add(recorder(notes, 'controller', 'controller'), pods, recorder(notes, 'server', 'server'));
    manager.add(recorder(notes, 'events', 'sink'));
    const running = manager.run(stop.signal);
    pods.sync();
    await until(() => notes.includes('campaign'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(notes).to.deep.equal(['start server', 'start events', 'start pods', 'campaign']);
    expect(await manager.unready()).to.deep.equal([]);
    lead();
    await until(() => notes.includes('start controller'));
    stop.abort();
    await running;
    expect(notes.slice(5)).to.deep.equal([
      'stop controller',
      'stop events',
      'release',
      'stop pods',
      'stop server',
      'close client',
      'close election',
    ]);
  });

  it('B-OPR-1 breaks off what is under way and ends with an error of its own when leadership is lost', async () => {
    const notes: string[] = [];
    const { leaderElection, lead, lose } = election(notes);
    const manager = createManager({ log, leaderElection });
    let reason: unknown;
    const controller = createController({
      name: 'mine',
      async reconcile(_key, { signal }) {
        notes.push('reconcile');
        await once(signal, 'abort');
        reason = signal.reason;
      },
    });
    controller.enqueue('key');
    manager.add(controller);
    const running = manager.run(new AbortController().signal);
    lead();
    await until(() => notes.includes('reconcile'));
    lose();
    const outcome = await running.catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(NotLeaderError);
    expect(reason).to.equal(outcome);
    // It holds nothing any more that it could give back, as the election knows.
    expect(notes).to.deep.equal(['campaign', 'reconcile', 'release', 'close election']);
  });

  it('B-OPR-1 keeps the lease to its end where a controller is left behind, and stands down from a campaign when stopped', async () => {
    const notes: string[] = [];
    const stop = new AbortController();
    const first = election(notes);
    const manager = createManager({ log, leaderElection: first.leaderElection, shutdownMs: 5 });
    manager.add({ name: 'stuck', run: () => new Promise(() => void notes.push('stuck')) });
    const running = manager.run(stop.signal);
    first.lead();
    await until(() => notes.includes('stuck'));
    stop.abort();
    await running;
    expect(notes).to.deep.equal(['campaign', 'stuck', 'resign', 'close election']);

    notes.splice(0);
    const quit = new AbortController();
    const second = createManager({ log, leaderElection: election(notes).leaderElection });
    second.add(recorder(notes, 'controller', 'controller'));
    const waiting = second.run(quit.signal);
    await until(() => notes.includes('campaign'));
    quit.abort();
    await waiting;
    expect(notes).to.deep.equal(['campaign', 'close election']);
  });

  it('B-OPR-2 is ready only with synced caches, and says what is missing', async () => {
    const notes: string[] = [];
    const stop = new AbortController();
    const pods = cache(notes, 'pods');
    const other = cache(notes, 'deployments.apps');
    let serving = false;
    const manager = createManager({ log, health: { host: '127.0.0.1', port: 0 } });
    manager.add(pods, other);
    manager.addReadyCheck('tls', () => serving);
    manager.addReadyCheck('broken', () => {
      if (!serving) throw new Error('no');
      return true;
    });
    const running = manager.run(stop.signal);
    expect(await get(manager, '/healthz')).to.include({ code: 200, text: 'ok\n' });
    other.sync();
    expect(await get(manager, '/readyz')).to.include({
      code: 503,
      text: '[+]start ok\n[-]cache/pods failed\n[+]cache/deployments.apps ok\n[-]tls failed\n[-]broken failed\nreadyz check failed\n',
    });
    pods.sync();
    serving = true;
    expect(await get(manager, '/readyz')).to.include({ code: 200, text: 'ok\n' });
    expect(await get(manager, '/readyz?verbose')).to.include({
      code: 200,
      text: '[+]start ok\n[+]cache/pods ok\n[+]cache/deployments.apps ok\n[+]tls ok\n[+]broken ok\nreadyz check passed\n',
    });
    expect(await get(manager, '/readyz', 'POST')).to.include({ code: 405 });
    expect(await get(manager, '/constructor')).to.include({ code: 404 });
    stop.abort();
    expect(await manager.unready()).to.deep.equal(['shutdown']);
    await running;
  });

  it('B-OPR-2 serves its metrics in Prometheus format, from a registry of its own', async () => {
    const stop = new AbortController();
    const manager = createManager({ log, metrics: createMetrics(), health: { host: '127.0.0.1', port: 0 } });
    let done = false;
    const controller = createController({ name: 'mine', reconcile: () => Promise.resolve(void (done = true)) });
    // Also what came before the manager runs is counted.
    controller.enqueue('early');
    manager.add(controller);
    const running = manager.run(stop.signal);
    await until(() => done);
    const { text, type } = await get(manager, '/metrics');
    expect(type).to.contain('text/plain; version=0.0.4');
    expect(text).to.contain('# TYPE controller_runtime_reconcile_total counter');
    expect(text).to.contain('controller_runtime_reconcile_total{controller="mine",result="success"} 1');
    expect(text).to.contain('workqueue_adds_total{name="mine"} 1');
    stop.abort();
    await running;
  });

  it('B-OPR-6 does not wait for a connection to its health port that nobody uses', async () => {
    const stop = new AbortController();
    const manager = createManager({ log, health: { host: '127.0.0.1', port: 0 } });
    const running = manager.run(stop.signal);
    const unused = connect((await manager.listening).port, '127.0.0.1');
    await once(unused, 'connect');
    stop.abort();
    await running;
    await once(unused.resume(), 'close');
  });

  it('stops in order, and says why, when a component fails or ends by itself', async () => {
    for (const [run, message] of [
      [() => Promise.reject(new Error('address in use')), 'address in use'],
      [() => Promise.resolve(), 'broken ended by itself'],
    ] as const) {
      const notes: string[] = [];
      const manager = createManager({ log });
      manager.add(recorder(notes, 'server', 'server'), { name: 'broken', run });
      const outcome = await manager.run(new AbortController().signal).catch((error: unknown) => error);
      expect(outcome).to.have.property('message', message);
      expect(notes).to.deep.equal(['start server', 'stop server']);
    }
  });

  it('fails when its health port is taken', async () => {
    const stop = new AbortController();
    const first = createManager({ log, health: { host: '127.0.0.1', port: 0 } });
    const running = first.run(stop.signal);
    const { port } = await first.listening;
    const second = createManager({ log, health: { host: '127.0.0.1', port } });
    const outcome = await second.run(new AbortController().signal).catch((error: unknown) => error);
    expect(outcome).to.have.property('code', 'EADDRINUSE');
    stop.abort();
    await running;
  });

  it('B-OPR-6 waits besides for what goes on on purpose, as long as it is told to', async () => {
    const stop = new AbortController();
    const manager = createManager({ log, shutdownMs: 5 });
    const notes: string[] = [];
    manager.add({
      name: 'drain',
      lingerMs: 60_000,
      async run(signal) {
        notes.push('serves');
        await once(signal, 'abort');
        await pause(50);
        notes.push('has drained');
      },
    });
    const running = manager.run(stop.signal);
    await until(() => notes.length > 0);
    stop.abort();
    await running;
    expect(notes).to.deep.equal(['serves', 'has drained']);
  });

  it('leaves behind what does not stop in time', async () => {
    const stop = new AbortController();
    const closed: string[] = [];
    const client = { close: () => Promise.resolve(void closed.push('client')) };
    const manager = createManager({ log, client, shutdownMs: 5 });
    manager.add({ name: 'stuck', run: () => new Promise(() => undefined) });
    const running = manager.run(stop.signal);
    stop.abort();
    await running;
    expect(closed).to.deep.equal(['client']);
    expect(() => manager.add()).to.throw('runs already');
  });
});
