import { expect } from 'chai';
import fc from 'fast-check';
import { type Entry, Store, type StoreEvent } from '../../../operator/runtime/store.js';
import { isNewer } from '../../../operator/runtime/versions.js';

const NAMES = ['a', 'b', 'c'];

/** The API as it went: what was written, in the order of its versions. */
interface Happened {
  readonly version: number;
  readonly name: string;
  /** Undefined where it was deleted. */
  readonly entry: Entry<string> | undefined;
}

function history(steps: readonly { readonly name: string; readonly remove: boolean; readonly owner: string }[]) {
  const uids = new Map<string, string>();
  const happened: Happened[] = [];
  for (const { name, remove, owner } of steps) {
    const version = 98 + happened.length;
    const uid = uids.get(name);
    if (remove && uid === undefined) continue;
    if (remove) uids.delete(name);
    else if (uid === undefined) uids.set(name, `uid-${String(version)}`);
    const entry = {
      namespace: 'default',
      name,
      uid: uids.get(name) ?? '',
      resourceVersion: String(version),
      object: `${name}@${String(version)}`,
      keys: { owner: [owner] },
    };
    happened.push({ version, name, entry: remove ? undefined : entry });
  }
  return happened;
}

const truthAt = (happened: readonly Happened[], version: number) => {
  const truth = new Map<string, Entry<string>>();
  for (const { name, entry } of happened.filter((each) => each.version <= version)) {
    if (entry) truth.set(name, entry);
    else truth.delete(name);
  }
  return truth;
};

const step = fc.record({
  name: fc.constantFrom(...NAMES),
  remove: fc.boolean(),
  owner: fc.constantFrom('x', 'y'),
});
/** What the store is told next; numbers choose among what could be told. */
const telling = fc.record({
  tell: fc.constantFrom('event' as const, 'event' as const, 'repeat' as const, 'answer' as const, 'list' as const),
  which: fc.nat(),
});

describe('store', () => {
  it('comes to what the API has, never goes back, keeps what was written, and says all that it does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.array(telling, { maxLength: 60 }), (steps, tellings) => {
        const happened = history(steps);
        const newest = happened.at(-1)?.version ?? 97;
        const store = new Store<string>();
        const told = new Map<string, string>();
        /** The answers that were told and must be read since. */
        const written = new Map<string, Entry<string>>();
        let position = 97;
        let listed = false;
        const isListed = () => listed;

        const check = (events: readonly StoreEvent<string>[]) => {
          for (const event of events) {
            const [name = ''] = event.object.split('@');
            const before = told.get(name);
            if (event.type === 'added') expect(before, 'added twice').to.equal(undefined);
            if (event.type === 'updated') expect(before).to.equal(event.previous);
            if (event.type === 'deleted') expect(before).to.equal(event.object);
            if (event.type === 'updated')
              expect(isNewer(versionOf(event.object), versionOf(event.previous))).to.equal(true);
            if (event.type === 'deleted') told.delete(name);
            else told.set(name, event.object);
          }
          expect(contents(store)).to.deep.equal(Object.fromEntries([...told].sort()));
          for (const owner of ['x', 'y']) {
            const found = Array.from(store.byIndex('owner', owner), ({ name }) => name).sort();
            const wanted = Array.from(store.entries()).filter(({ keys }) => keys?.owner?.includes(owner));
            expect(found).to.deep.equal(wanted.map(({ name }) => name).sort());
          }
          for (const [name, entry] of written) {
            const deleted = happened.find(
              (each) => each.name === name && !each.entry && each.version > Number(entry.resourceVersion),
            );
            if (deleted && deleted.version <= position) written.delete(name);
            else
              expect(isNewer(entry.resourceVersion, store.get('default', name)?.resourceVersion ?? '0')).to.equal(
                false,
              );
          }
        };
        const tellEvent = ({ name, version, entry }: Happened) => {
          const resourceVersion = String(version);
          position = Math.max(position, version);
          check([
            ...(entry
              ? store.confirm(entry)
                ? []
                : store.set(entry)
              : store.remove({ namespace: 'default', name, resourceVersion })),
            ...store.advance(resourceVersion),
          ]);
        };
        const next = () => happened.find(({ version }) => version > position);
        const list = (version: number) => {
          listed = true;
          position = version;
          const entries = [...truthAt(happened, version).values()].map((entry) => ({ ...entry }));
          store.begin();
          const cut = version % (entries.length + 1);
          check(store.list(entries.slice(0, cut), String(version)));
          check(store.list(entries.slice(cut), String(version)));
          check(store.commit(String(version)));
        };

        for (const { tell, which } of tellings) {
          const event = next();
          if (tell === 'list') list(position + (which % (newest - position + 1)));
          else if (tell === 'answer') {
            const answers = happened.filter(({ entry }) => entry);
            const entry = answers[which % Math.max(1, answers.length)]?.entry;
            if (!entry) continue;
            const before = written.get(entry.name);
            if (!before || isNewer(entry.resourceVersion, before.resourceVersion)) written.set(entry.name, entry);
            check(store.observe({ ...entry }));
          } else if (!isListed()) continue;
          else if (tell === 'event' && event) tellEvent(event);
          else if (tell === 'repeat') {
            const old = happened.filter(({ version }) => version <= position).slice(-3);
            const repeated = old[which % Math.max(1, old.length)];
            if (repeated) tellEvent(repeated);
          }
        }
        if (!isListed()) list(position);
        for (let event = next(); event; event = next()) tellEvent(event);
        const truth = [...truthAt(happened, newest)].sort().map(([name, { object }]) => [name, object]);
        expect(contents(store)).to.deep.equal(Object.fromEntries(truth));
      }),
      { numRuns: fc.readConfigureGlobal().numRuns ?? 500 },
    );
  });

  const entry = (version: string, name = 'a', uid = 'u'): Entry<string> => ({
    namespace: '',
    name,
    uid,
    resourceVersion: version,
    object: `${name}@${version}`,
  });

  it('takes out what it was told of and no event came for', () => {
    const store = new Store<string>();
    replace(store, [], '5');
    expect(store.observe(entry('7'))).to.deep.equal([{ type: 'added', object: 'a@7' }]);
    expect(store.advance('6')).to.deep.equal([]);
    expect(store.advance('7')).to.deep.equal([{ type: 'deleted', object: 'a@7' }]);
  });

  it('says what is no news, and only of the first list', () => {
    const store = new Store<string>();
    expect(replace(store, [entry('1')], '5')).to.deep.equal([{ type: 'added', object: 'a@1', initial: true }]);
    expect(replace(store, [entry('1'), entry('6', 'b')], '7')).to.deep.equal([{ type: 'added', object: 'b@6' }]);
    expect(store.clear()).to.have.length(2);
    expect(Array.from(store.entries())).to.deep.equal([]);
  });

  it('compares versions of any length, and takes others in the order they come', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 80n }), fc.bigInt({ min: 1n, max: 2n ** 80n }), (a, b) => {
        expect(isNewer(String(a), String(b))).to.equal(a > b);
      }),
    );
    const store = new Store<string>();
    replace(store, [entry('x9')], 'x9');
    expect(store.set(entry('x10'))).to.have.length(1);
    expect(store.set(entry('x2'))).to.have.length(1);
    expect(store.remove(entry('x1'))).to.have.length(1);
  });
});

function replace(store: Store<string>, entries: readonly Entry<string>[], version: string): StoreEvent<string>[] {
  store.begin();
  return [...store.list(entries, version), ...store.commit(version)];
}

function contents(store: Store<string>): Record<string, string> {
  return Object.fromEntries(Array.from(store.entries(), ({ name, object }): [string, string] => [name, object]).sort());
}

function versionOf(object: string): string {
  return object.split('@')[1] ?? '';
}
