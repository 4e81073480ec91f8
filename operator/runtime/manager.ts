import { setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { SHUTDOWN_MS } from 'optipod/kube';
import type { Component, RunContext } from './component.js';
import { collectGarbage } from './garbage.js';
import { type HealthCheck, type HealthServer, createHealthServer } from './health.js';
import type { LeaderElection, NotLeaderError, Term } from './leader-election.js';
import type { Logger } from './log.js';
import { type RuntimeMetrics, createMetrics } from './metrics.js';

/** Whether something is ready; throwing means it is not. */
export type ReadyCheck = () => boolean | Promise<boolean>;

export interface ManagerOptions {
  readonly log: Logger;
  /** @default new ones in a registry of their own */
  readonly metrics?: RuntimeMetrics;
  /** Closed last. */
  readonly client?: { close(): Promise<void> };
  /**
   * Controllers run on the replica that leads; servers, sinks and caches on every one. The client of the controllers should
   * have its `fence` as `beforeWrite`. @default controllers run at once
   */
  readonly leaderElection?: LeaderElection;
  /** Where /healthz, /readyz and /metrics are served. @default nowhere */
  readonly health?: { readonly host?: string; readonly port: number };
  /** How long a stop may take, besides the longest `lingerMs`, before what still runs is left behind. @default SHUTDOWN_MS */
  readonly shutdownMs?: number;
}

/** Runs the parts of an operator together: starts them in order, says when they are ready, and stops them in order. */
export interface Manager {
  readonly metrics: RuntimeMetrics;
  /** @throws Error once the manager runs */
  add(...components: readonly Component[]): void;
  /** A condition of readiness besides the caches. A replica that stands by is as ready as the one that leads. */
  addReadyCheck(name: string, check: ReadyCheck): void;
  /** The names of what is not ready: `shutdown`, `cache/pods`, or a check's own. */
  unready(): Promise<string[]>;
  /** Where the health server listens; pending until it does. */
  readonly listening: Promise<AddressInfo>;
  /**
   * Runs everything until the signal is aborted or a component fails; can be run once. Starts servers and sinks, then caches,
   * and when all are synced (and this replica leads) the controllers. Stops controllers (what is under way is finished), then
   * sinks; gives the lease back; then stops caches and servers, and closes the clients.
   *
   * When leadership is lost, controllers break off what is under way, nothing waits for long, and the process must end: what
   * they knew may be wrong by the time it leads again.
   * @throws NotLeaderError when leadership was lost; else what the first component threw that failed, after the orderly stop
   */
  run(signal: AbortSignal): Promise<void>;
}

type Role = NonNullable<Component['role']>;

interface SyncedCache extends Component {
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
}

/** The stop of a replica that lost its leadership may take no longer: another is at work. */
const LOST_SHUTDOWN_MS = 1_000;

export function createManager(options: ManagerOptions): Manager {
  const { log, metrics = createMetrics(), client, leaderElection, shutdownMs = SHUTDOWN_MS } = options;
  const components: Component[] = [];
  const checks = new Map<string, ReadyCheck>();
  let state: 'new' | 'running' | 'stopping' = 'new';

  const roleOf = ({ role = 'controller' }: Component): Role => role;
  const caches = () => components.filter(isCache);

  async function readiness(): Promise<HealthCheck[]> {
    const named = [...checks].map(async ([name, check]) => ({ name, ok: await passes(check) }));
    return [
      { name: state === 'stopping' ? 'shutdown' : 'start', ok: state === 'running' },
      ...caches().map(({ name, hasSynced }) => ({ name: `cache/${name}`, ok: hasSynced })),
      ...(await Promise.all(named)),
    ];
  }

  const health: HealthServer | undefined =
    options.health && createHealthServer({ ...options.health, registry: metrics.registry, checks: readiness });
  if (health) components.push(health);

  async function run(signal: AbortSignal): Promise<void> {
    if (state !== 'new') throw new Error('the manager runs already');
    state = 'running';
    const context: RunContext = { log, metrics };
    const stop = new AbortController();
    const failures: unknown[] = [];
    const running = new Set<Component>();
    const roles = new Map<Role, { readonly controller: AbortController; readonly ends: Promise<void>[] }>();

    const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
    const beginStop = () => {
      state = 'stopping';
      stop.abort();
    };
    signal.addEventListener('abort', beginStop, { once: true });
    if (signal.aborted) beginStop();

    async function follow(component: Component, turn: AbortSignal): Promise<void> {
      running.add(component);
      try {
        await component.run(turn, context);
        if (!turn.aborted) throw new Error(`${component.name} ended by itself`);
      } catch (error) {
        failures.push(error);
        log.error({ err: error, component: component.name }, 'a component failed; stopping');
        beginStop();
      } finally {
        running.delete(component);
      }
    }

    function start(role: Role): void {
      const controller = new AbortController();
      // All of a role listen to it, each as often as it waits for something: Node.js takes more than ten for a leak.
      setMaxListeners(0, controller.signal);
      const mine = components.filter((component) => roleOf(component) === role);
      roles.set(role, { controller, ends: mine.map((component) => follow(component, controller.signal)) });
    }

    let lost: NotLeaderError | undefined;
    let giveUp: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (giveUp = resolve));
    const patience = new AbortController();
    const within = (ms: number) => void pause(ms, undefined, { signal: patience.signal }).then(giveUp, () => undefined);

    /** Also in the middle of a stop: the controllers that are finishing their work must finish no more of it. */
    function onLost(reason: unknown): void {
      lost = reason as NotLeaderError;
      log.error({ err: lost }, 'the leadership is lost; stopping at once');
      roles.get('controller')?.controller.abort(lost);
      within(LOST_SHUTDOWN_MS);
      beginStop();
    }

    start('server');
    start('sink');
    start('cache');
    await Promise.race([stopped, Promise.all(caches().map(({ synced }) => synced))]);
    let term: Term | undefined;
    if (!stop.signal.aborted) {
      log.info({ caches: caches().map(({ name }) => name) }, 'caches are synced');
      // Of what was listed little is kept.
      collectGarbage();
      term = await leaderElection?.acquire(stop.signal, context);
    }
    if (!stop.signal.aborted) {
      start('controller');
      if (term) whenAborted(term.lost, onLost);
      await stopped;
    }

    signal.removeEventListener('abort', beginStop);
    log.info('stopping');
    within(shutdownMs + Math.max(0, ...components.map(({ lingerMs = 0 }) => lingerMs)));
    const end = async (role: Role) => {
      const turn = roles.get(role);
      turn?.controller.abort();
      await Promise.race([late, Promise.all(turn?.ends ?? [])]);
    };
    await end('controller');
    await end('sink');
    const mayWrite = [...running].some((component) => ['controller', 'sink'].includes(roleOf(component)));
    await (mayWrite ? term?.resign() : term?.release());
    await end('cache');
    await end('server');
    patience.abort();
    if (running.size > 0) log.warn({ components: [...running].map(({ name }) => name) }, 'left behind unfinished');
    await Promise.all([client?.close(), leaderElection?.close()]);
    log.info('stopped');
    if (lost) throw lost;
    if (failures.length > 0) throw failures[0];
  }

  return {
    metrics,
    add(...added) {
      if (state !== 'new') throw new Error('the manager runs already');
      components.push(...added);
    },
    addReadyCheck: (name, check) => void checks.set(name, check),
    unready: async () => (await readiness()).flatMap(({ name, ok }) => (ok ? [] : [name])),
    listening: health?.listening ?? new Promise(() => undefined),
    run,
  };
}

function whenAborted(signal: AbortSignal, act: (reason: unknown) => void): void {
  if (signal.aborted) act(signal.reason);
  else signal.addEventListener('abort', () => act(signal.reason), { once: true });
}

function isCache(component: Component): component is SyncedCache {
  return component.role === 'cache' && 'synced' in component && 'hasSynced' in component;
}

async function passes(check: ReadyCheck): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}
