import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ConfigMap, type ObjectsOf } from 'optipod/kube';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ClusterConfig,
  type Controller,
  type Informer,
  type KubeClient,
  createClient,
  createController,
  createInformer,
  isNotFound,
} from '../../operator/runtime/index.js';
import type { Cluster } from '../kit/index.js';
import { type Delivery, type Fault, type FaultProxy, type Sort, startFaultProxy } from './fault-proxy.js';
import { type JumpingClock, jumpingClock } from './jumping-clock.js';

const MARK = 'convergence.example.com/reconciled';

/** What the model knows: which objects there are, and whether they are selected. */
export interface Model {
  readonly objects: Map<string, boolean>;
}

/** A controller of one selection of ConfigMaps, which sees and writes through the proxy; and who edits them directly. */
export class World {
  readonly clock: JumpingClock = jumpingClock();
  readonly proxy: FaultProxy;
  readonly direct: KubeClient;
  readonly namespace: string;
  readonly label: string;
  /** How many edits there were: each writes what no other did. */
  edits = 0;
  readonly #own: KubeClient;
  readonly #informer: Informer<ObjectsOf<typeof ConfigMap>, 'byData'>;
  readonly #controller: Controller;
  /** The version at which a key was last reconciled; empty where it was gone. */
  readonly #reconciled = new Map<string, string>();
  readonly #broken: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  /** @param config as the direct client's; all else goes through the proxy */
  constructor(config: ClusterConfig, proxy: FaultProxy, direct: KubeClient, namespace: string, label: string) {
    this.proxy = proxy;
    this.direct = direct;
    this.namespace = namespace;
    this.label = label;
    const through = { ...config, server: proxy.url };
    this.#own = createClient(through, { clock: this.clock, retry: { attempts: 2, withinMs: 5 } });
    this.#informer = createInformer(this.#own, ConfigMap, {
      namespace,
      labelSelector: `run=${label}`,
      pageSize: 2,
      // Not to spend the run in pauses; a dead connection takes the time it takes.
      timing: { initialMs: 10, maxMs: 100 },
      clock: this.clock,
      indexes: { byData: ({ data }) => Object.values(data ?? {}) },
    });
    this.#controller = createController({
      name: 'convergence',
      concurrency: 2,
      clock: this.clock,
      reconcile: (key) => this.#reconcile(key),
    });
    this.#informer.onEvent((event) => {
      const initial = event.type === 'added' && event.initial;
      this.#controller.enqueue(event.object.metadata.name, { priority: initial ? 'low' : 'high' });
    });
    const { signal } = this.#stop;
    this.#running = Promise.all([this.#informer.run(signal), this.#controller.run(signal)]);
  }

  /** Marks an object with its data, and expects to read its own writes. */
  async #reconcile(name: string): Promise<void> {
    const object = this.#informer.get(this.namespace, name);
    if (object && object.metadata.annotations?.[MARK] !== object.data?.value) {
      const { uid, resourceVersion } = object.metadata;
      const annotations = { [MARK]: object.data?.value };
      const patch = { metadata: { uid, resourceVersion, annotations } };
      const ref = { namespace: this.namespace, name };
      const written = await this.#own.patch(ConfigMap, ref, patch, { type: 'merge' });
      this.#informer.observe(written);
      const read = this.#informer.get(this.namespace, name);
      const older = read?.metadata.uid === uid && read.metadata.annotations?.[MARK] === undefined;
      if (older) this.#broken.push(`${name}: wrote ${written.metadata.resourceVersion}, read what was before`);
    }
    this.#reconciled.set(name, this.#informer.get(this.namespace, name)?.metadata.resourceVersion ?? '');
  }

  /** What is not yet as it should be; undefined when cache, index and controller have come to what the API has. */
  async difference(): Promise<string | undefined> {
    const { items } = await this.direct.list(ConfigMap, {
      namespace: this.namespace,
      labelSelector: `run=${this.label}`,
    });
    const versions = (objects: readonly ObjectsOf<typeof ConfigMap>[]): Record<string, string> =>
      Object.fromEntries(
        objects.map(({ metadata }): [string, string] => [metadata.name, metadata.resourceVersion]).sort(),
      );
    const wanted = versions(items);
    const marks = items.filter(({ metadata, data }) => metadata.annotations?.[MARK] !== data?.value);
    const found = items.flatMap(({ data }) => this.#informer.byIndex('byData', data?.value ?? ''));
    const gone = [...this.#reconciled].filter(([name, version]) => version !== '' && !(name in wanted));
    const reconciled = Object.fromEntries(Object.keys(wanted).map((name) => [name, this.#reconciled.get(name)]));
    const difference = {
      ...unlessEqual('cache', versions(this.#informer.list()), wanted),
      ...unlessEqual('index', versions(found), wanted),
      ...unlessEqual('reconciled', reconciled, wanted),
      ...(marks.length === 0 ? {} : { unmarked: marks.map(({ metadata }) => metadata.name) }),
      ...(gone.length === 0 ? {} : { goneButNotReconciled: gone.map(([name]) => name) }),
    };
    return Object.keys(difference).length === 0 ? undefined : JSON.stringify(difference);
  }

  /** Nothing fails any more; time passes quickly. @throws where the world does not converge */
  async converge(withinMs: number): Promise<void> {
    this.proxy.heal();
    const deadline = performance.now() + withinMs;
    let difference: string | undefined = 'nothing looked at yet';
    while (performance.now() < deadline) {
      difference = await this.difference().catch((error: unknown) => String(error));
      if (difference === undefined) break;
      await pause(15);
      this.clock.jump(10_000);
    }
    expect(difference, 'after quiet').to.equal(undefined);
    expect(this.#broken, 'reads its own writes').to.deep.equal([]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#own.close();
    await this.#running;
    await this.direct.deleteCollection(ConfigMap, { namespace: this.namespace });
  }

  ref(name: string) {
    return { namespace: this.namespace, name };
  }

  async write(name: string, selected: boolean): Promise<void> {
    const value = `edit-${String((this.edits += 1))}`;
    const metadata = { ...this.ref(name), labels: { run: selected ? this.label : 'none' } };
    await this.direct.apply(ConfigMap, { metadata, data: { value } }, { fieldManager: 'direct', force: true });
  }

  async remove(name: string): Promise<void> {
    await this.direct.delete(ConfigMap, this.ref(name)).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** A proxy before the cluster's kube-apiserver, with the same certificate. */
export function proxyOf({ server, ca, clientCert, clientKey, folder }: Cluster): Promise<FaultProxy> {
  const pki = (name: string) => readFileSync(join(folder, 'pki', name), 'utf8');
  return startFaultProxy({
    target: server,
    ca,
    clientCert,
    clientKey,
    cert: pki('apiserver.crt'),
    key: pki('apiserver.key'),
  });
}

function unlessEqual(what: string, is: object, wanted: object): object {
  return JSON.stringify(is) === JSON.stringify(wanted) ? {} : { [what]: { is, wanted } };
}

export type Command = fc.AsyncCommand<Model, World>;

/** One thing that happens. */
export function command(
  name: string,
  run: (model: Model, world: World) => unknown,
  can: (model: Model) => boolean = () => true,
): Command {
  return {
    check: can,
    async run(model, world) {
      await run(model, world);
    },
    toString: () => name,
  };
}

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const fault = (sort: Sort, ...faults: readonly Fault[]) =>
  fc
    .array(fc.constantFrom(...faults), { minLength: 1, maxLength: 3 })
    .map((which) => command(`${sort}s meet ${which.join()}`, (_, { proxy }) => proxy.fail(sort, ...which)));
const deliveries = fc.constantFrom<Delivery[]>('whole', 'twice', 'late', 'lost');

/** What people, networks and clocks do. */
export const COMMANDS: readonly fc.Arbitrary<Command>[] = [
  ...Array.from({ length: 5 }, () =>
    fc.tuple(names, fc.boolean()).map(([name, selected]) =>
      command(`write ${name}${selected ? '' : ' outside'}`, async ({ objects }, world) => {
        await world.write(name, selected);
        objects.set(name, selected);
      }),
    ),
  ),
  names.map((name) =>
    command(
      `relabel ${name}`,
      async ({ objects }, world) => {
        const selected = !objects.get(name);
        const labels = { run: selected ? world.label : 'none' };
        await world.direct.patch(ConfigMap, world.ref(name), { metadata: { labels } }, { type: 'merge' });
        objects.set(name, selected);
      },
      ({ objects }) => objects.has(name),
    ),
  ),
  names.map((name) =>
    command(
      `delete ${name}`,
      async ({ objects }, world) => {
        await world.remove(name);
        objects.delete(name);
      },
      ({ objects }) => objects.has(name),
    ),
  ),
  names.map((name) =>
    command(`replace ${name}`, async ({ objects }, world) => {
      await world.remove(name);
      await world.write(name, true);
      objects.set(name, true);
    }),
  ),
  fault('list', 'reset', 'lost', 'status-410', 'status-429', 'status-500', 'status-503'),
  fault('watch', 'reset', 'status-410', 'status-429', 'status-500', 'event-410', 'event-500', 'half-line'),
  fault('write', 'reset', 'lost', 'status-429', 'status-500', 'status-503'),
  deliveries.map((how) => command(`deliver ${how}`, (_, { proxy }) => proxy.deliver(how))),
  fc.constant(command('cut', (_, { proxy }) => proxy.cut())),
  fc.constant(command('freeze', (_, { proxy }) => proxy.freeze())),
  fc
    .constantFrom(-60_000, -1_000, 1_000, 40_000, 80_000, 600_000)
    .map((ms) => command(`jump ${String(ms)} ms`, (_, { clock }) => clock.jump(ms))),
  ...Array.from({ length: 4 }, () =>
    fc.integer({ min: 1, max: 40 }).map((ms) => command(`wait ${String(ms)} ms`, () => pause(ms))),
  ),
];
