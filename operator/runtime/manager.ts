import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Component, RunContext } from './component.js';
import { type HealthServer, createHealthServer } from './health.js';
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
  /** Where /healthz, /readyz and /metrics are served. @default nowhere */
  readonly health?: { readonly host?: string; readonly port: number };
  /** How long a stop may take in all before what still runs is left behind. @default 30 000 */
  readonly shutdownMs?: number;
}

/** Runs the parts of an operator together: starts them in order, says when they are ready, and stops them in order. */
export interface Manager {
  readonly metrics: RuntimeMetrics;
  /** @throws Error once the manager runs */
  add(...components: readonly Component[]): void;
  /** A condition of readiness besides the caches. */
  addReadyCheck(name: string, check: ReadyCheck): void;
  /** The names of what is not ready: `shutdown`, `cache/pods`, or a check's own. */
  unready(): Promise<string[]>;
  /** Where the health server listens; pending until it does. */
  readonly listening: Promise<AddressInfo>;
  /**
   * Runs everything until the signal is aborted or a component fails; can be run once. Starts servers, then caches, and when
   * all are synced the controllers. Stops controllers (what is under way is finished), then caches, then servers, then closes
   * the client.
   * @throws what the first component threw that failed, after the same orderly stop
   */
  run(signal: AbortSignal): Promise<void>;
}

type Role = NonNullable<Component['role']>;

interface SyncedCache extends Component {
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
}

export function createManager(options: ManagerOptions): Manager {
  const { log, metrics = createMetrics(), client, shutdownMs = 30_000 } = options;
  const components: Component[] = [];
  const checks = new Map<string, ReadyCheck>();
  let state: 'new' | 'running' | 'stopping' = 'new';

  const roleOf = ({ role = 'controller' }: Component): Role => role;
  const caches = () => components.filter(isCache);

  const manager = {
    metrics,

    add(...added: readonly Component[]) {
      if (state !== 'new') throw new Error('the manager runs already');
      components.push(...added);
    },

    addReadyCheck(name: string, check: ReadyCheck) {
      checks.set(name, check);
    },

    async unready() {
      const named = [...checks].map(async ([name, check]) => ((await passes(check)) ? [] : [name]));
      return [
        ...(state === 'running' ? [] : [state === 'new' ? 'start' : 'shutdown']),
        ...caches().flatMap(({ name, hasSynced }) => (hasSynced ? [] : [`cache/${name}`])),
        ...(await Promise.all(named)).flat(),
      ];
    },
  };

  const health: HealthServer | undefined =
    options.health &&
    createHealthServer({ ...options.health, registry: metrics.registry, unready: () => manager.unready() });
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
      const mine = components.filter((component) => roleOf(component) === role);
      roles.set(role, { controller, ends: mine.map((component) => follow(component, controller.signal)) });
    }

    start('server');
    start('cache');
    await Promise.race([stopped, Promise.all(caches().map(({ synced }) => synced))]);
    if (!stop.signal.aborted) {
      log.info({ caches: caches().map(({ name }) => name) }, 'caches are synced');
      start('controller');
      await stopped;
    }

    signal.removeEventListener('abort', beginStop);
    log.info('stopping');
    const patience = new AbortController();
    const late = pause(shutdownMs, undefined, { signal: patience.signal }).catch(() => undefined);
    for (const role of ['controller', 'cache', 'server'] as const) {
      const turn = roles.get(role);
      turn?.controller.abort();
      await Promise.race([late, Promise.all(turn?.ends ?? [])]);
    }
    patience.abort();
    if (running.size > 0) log.warn({ components: [...running].map(({ name }) => name) }, 'left behind unfinished');
    await client?.close();
    log.info('stopped');
    if (failures.length > 0) throw failures[0];
  }

  return { ...manager, listening: health?.listening ?? new Promise(() => undefined), run };
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
