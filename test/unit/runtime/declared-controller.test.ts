import { expect } from 'chai';
import { ConfigMap, type KubeObject, defineController, defineResource, owned } from 'optipod/kube';
import {
  type KubeClient,
  createAccess,
  createLogger,
  createMetrics,
  declaredController,
  silentLogger,
} from '../../../operator/runtime/index.js';
import { until } from './fake-apiserver.js';

const Room = defineResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Room',
  scope: 'Namespaced',
  description: 'A room.',
  spec: { type: 'object', properties: {} },
  status: { type: 'object', properties: { seats: { type: 'integer' }, note: { type: 'string' } } },
});
type Room = KubeObject & { readonly status?: { readonly seats?: number; readonly note?: string } };

const metadata = { namespace: 'house', name: 'hall', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

function referenceTo(name: string) {
  return { apiVersion: 'example.com/v1', kind: 'Room', name, uid: 'u', controller: true };
}

describe('a declared controller', () => {
  /** Runs it for one room until it was reconciled; what it wrote. */
  async function run(
    definition: Parameters<typeof declaredController>[0],
    room: Room,
    done: () => boolean,
    log = silentLogger,
  ): Promise<unknown[]> {
    const written: unknown[] = [];
    const client = {
      list: ({ kind }: { kind: string }) =>
        Promise.resolve({
          items: kind === Room.kind ? [{ apiVersion: 'example.com/v1', kind, ...room }] : [],
          metadata: { resourceVersion: '1' },
        }),
      watch: (_kind: unknown, { signal }: { signal: AbortSignal }) => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
        }),
      }),
      get: () => Promise.reject(new Error('not asked')),
      apply(_kind: unknown, draft: object) {
        written.push(draft);
        return Promise.resolve({ ...draft, metadata: { ...metadata, resourceVersion: '2' } });
      },
    };
    const access = createAccess({ client: client as unknown as KubeClient, namespace: 'own', fieldManager: 'rooms' });
    const controller = declaredController(definition, { access, event: () => undefined, now: () => 0 });
    const stop = new AbortController();
    const context = { log, metrics: createMetrics() };
    const running = [...access.informers, controller].map((part) => part.run(stop.signal, context));
    await until(done);
    await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await Promise.all(running);
    return written;
  }

  for (const [what, stored, wanted, writes] of [
    ['is as it was', { seats: 3 }, { seats: 3 }, 0],
    ['says a field as undefined that is not there', { seats: 3 }, { seats: 3, note: undefined }, 0],
    ['differs', { seats: 3 }, { seats: 4 }, 1],
    ['leaves a field out that is there', { seats: 3, note: 'old' }, { seats: 3 }, 1],
    ['is the first', undefined, { seats: 3 }, 1],
  ] as const) {
    it(`B-FRM-2 writes ${writes === 0 ? 'no status' : 'the status'} that ${what}`, async () => {
      let reconciled = false;
      const controller = defineController(Room, {
        uses: {},
        reconcile: () => {
          reconciled = true;
          // As it compiles without exactOptionalPropertyTypes.
          return Promise.resolve({ status: wanted as { readonly seats: number } });
        },
      });
      const room = { metadata, ...(stored ? { status: stored } : {}) };
      expect(await run(controller, room, () => reconciled)).to.have.length(writes);
    });
  }

  it('B-FRM-1 says so where a status is returned that is written with the rest', async () => {
    const report = { ...Room, statusSubresource: false };
    const lines: string[] = [];
    const log = createLogger({ destination: { write: (line) => void lines.push(line) } });
    const controller = defineController(report, {
      uses: {},
      reconcile: () => Promise.resolve({ status: { seats: 3 } }),
    });
    const isTold = () => lines.some((line) => line.includes('"msg":"reconciliation failed"'));
    expect(await run(controller, { metadata }, isTold, log)).to.deep.equal([]);
    expect(lines.join()).to.include('the controller room returns a status, but that of a Room is no subresource');
  });

  for (const [what, ownerReferences, reconciled] of [
    ['lost its owner reference', undefined, ['hall']],
    ['is controlled by its owner no more', [{ ...referenceTo('hall'), controller: false }], ['hall']],
    ['changed hands', [referenceTo('attic')], ['attic', 'hall']],
    ['is as its owner left it but for a label', [referenceTo('hall')], ['hall']],
  ] as const) {
    it(`B-FRM-2 reconciles whoever is concerned when an owned object ${what}`, async () => {
      const note = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'note' } };
      const listed: Readonly<Record<string, readonly object[]>> = {
        Room: ['hall', 'attic'].map((name) => ({ metadata: { ...metadata, name } })),
        ConfigMap: [{ ...note, metadata: { ...note.metadata, ownerReferences: [referenceTo('hall')] } }],
      };
      let change: (event: object) => void = () => undefined;
      const client = {
        list: ({ kind }: { kind: string }) =>
          Promise.resolve({ items: listed[kind], metadata: { resourceVersion: '1' } }),
        async *watch({ kind }: { kind: string }, { signal }: { signal: AbortSignal }) {
          yield await new Promise<object>((resolve, reject) => {
            if (kind === 'ConfigMap') change = resolve;
            signal.addEventListener('abort', () => reject(new Error('stopped')));
          });
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
        },
      };
      const names: string[] = [];
      const definition = defineController(Room, {
        uses: { notes: owned(ConfigMap) },
        reconcile({ metadata: { name } }: KubeObject) {
          names.push(name);
          return Promise.resolve(undefined);
        },
      });
      const access = createAccess({ client: client as unknown as KubeClient, namespace: 'own', fieldManager: 'rooms' });
      const controller = declaredController(definition, { access, event: () => undefined, now: () => 0 });
      const stop = new AbortController();
      const context = { log: silentLogger, metrics: createMetrics() };
      const running = [...access.informers, controller].map((part) => part.run(stop.signal, context));
      const settle = () => new Promise((resolve) => setTimeout(resolve, 50));
      await until(() => new Set(names).size === 2);
      await settle();
      names.length = 0;
      const changed = { ...note.metadata, resourceVersion: '2', labels: { seen: 'yes' }, ownerReferences };
      change({ type: 'MODIFIED', object: { ...note, metadata: changed } });
      await settle();
      stop.abort();
      await Promise.all(running);
      expect(names.sort()).to.deep.equal(reconciled);
    });
  }

  it('B-FRM-1 refuses to make what belongs to an object of another namespace: Kubernetes would delete it', async () => {
    let problem: unknown;
    const controller = defineController(Room, {
      uses: { notes: owned(ConfigMap) },
      async reconcile(_room, { notes }) {
        await notes.apply({ metadata: { namespace: 'elsewhere', name: 'note' } }).catch((error: unknown) => {
          problem = error;
        });
      },
    });
    expect(await run(controller, { metadata }, () => problem !== undefined)).to.deep.equal([]);
    expect(problem)
      .to.be.instanceOf(TypeError)
      .with.property('message', 'ConfigMap note of the namespace elsewhere cannot belong to Room hall of house');
  });
});
