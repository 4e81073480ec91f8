import type { AccessTo, ConfigMap, Draft, KubeObject, ObjectsOf } from 'optipod/kube';
import { HISTORY_LABEL, type journalUses } from 'optipod/lib/optipod';
import { ApiError } from '@optipod/operator/runtime';

type Stored = ObjectsOf<typeof ConfigMap>;

/** One call: `create optipod-history-…`. */
export type Call = `${'list' | 'get' | 'create' | 'delete'} ${string}`;

/** Called before each call is done and after; may throw, or keep it waiting. */
export type Fault = (moment: 'before' | 'after', call: Call) => void | Promise<void>;

/** What journals may do, on ConfigMaps in memory: as kube-apiserver has them, with UIDs, preconditions and conflicts. */
export function configMaps(provider: string) {
  const objects = new Map<string, Stored>();
  const calls: Call[] = [];
  let made = 0;
  function put(draft: Draft): Stored {
    const name = draft.metadata.name ?? '';
    if (objects.has(name)) throw refused(`create ${name}`, 409, 'AlreadyExists');
    made += 1;
    const metadata = { ...draft.metadata, name, uid: `uid-${made}`, resourceVersion: String(made) };
    const object = structuredClone({ ...draft, metadata }) as unknown as Stored;
    objects.set(name, object);
    return object;
  }

  function get(name: string): Stored {
    const object = objects.get(name);
    if (!object) throw refused(`get ${name}`, 404, 'NotFound');
    return structuredClone(object);
  }

  /** One process's access. */
  function access(fault: Fault = () => undefined): AccessTo<ReturnType<typeof journalUses>> {
    async function call<T>(what: Call, work: () => T): Promise<T> {
      calls.push(what);
      await fault('before', what);
      const answer = work();
      await fault('after', what);
      return answer;
    }
    const labelled = () =>
      [...objects.values()].filter(({ metadata }) => metadata.labels?.[HISTORY_LABEL] === provider);
    return {
      index: {
        async *pages() {
          // In no order, and a page for each.
          for (const { metadata } of (await call('list ', labelled)).reverse())
            yield [{ metadata } satisfies KubeObject];
        },
      },
      written: { create: (draft) => call(`create ${draft.metadata.name ?? ''}`, () => put(draft)) },
      kept: {
        read: ({ name }) => call(`get ${name}`, () => get(name)),
        delete: ({ name, uid }) =>
          call(`delete ${name}`, () => {
            if (get(name).metadata.uid !== uid) throw refused(`delete ${name}`, 409, 'Conflict');
            objects.delete(name);
          }),
      },
    };
  }

  return {
    access,
    calls,
    put,
    names: () => [...objects.keys()].sort(),
    get,
    remove: (name: string) => objects.delete(name),
    /** Replaces what an object holds, which kube-apiserver would not allow. */
    set: (name: string, content: Pick<Stored, 'data' | 'binaryData'>) =>
      objects.set(name, { metadata: get(name).metadata, ...content }),
  };
}

function refused(request: string, code: number, reason: string): ApiError {
  return new ApiError(request, code, { kind: 'Status', code, reason, message: reason });
}
