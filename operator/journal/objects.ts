import type { AccessTo, ConfigMap, ObjectsOf } from 'optipod/kube';
import { HISTORY_LABEL, type journalUses } from 'optipod/lib/optipod';
import { isAlreadyExists, isConflict, isGone, isNotFound } from '../runtime/index.js';
import { countOf, decode, type Decoded, encode, isSamePart, type NamedPart } from './format.js';
import { nameOf, partOf } from './names.js';
import { JournalConflict, type JournalRecord, type RecordKind, type SetAside, type Slot } from './record.js';

type Stored = ObjectsOf<typeof ConfigMap>;

/** A record that is there, whole or not: the UIDs of its parts by their numbers, from 1. */
export interface Entry extends Slot {
  readonly parts: ReadonlyMap<number, string>;
}

/** The ConfigMaps that records are kept in. Calls throw what the runtime's client throws. */
export interface RecordObjects {
  /** What there is by name, and what is no record's. */
  index(signal?: AbortSignal): Promise<{ readonly entries: readonly Entry[]; readonly strange: readonly SetAside[] }>;
  read(entry: Entry, signal?: AbortSignal): Promise<Decoded>;
  /**
   * Writes a record, or finds that it is there already. What is left of one that was not written whole is replaced.
   * @throws JournalConflict where another record of that kind and span is there
   */
  write(kind: RecordKind, record: JournalRecord, signal?: AbortSignal): Promise<Entry>;
  /** Deletes these very objects; where they are gone already, or others have their names, nothing. */
  remove(entry: Entry, signal?: AbortSignal): Promise<void>;
}

export interface RecordObjectsOptions {
  /** Whose readings: a DNS label. */
  readonly provider: string;
  readonly access: AccessTo<ReturnType<typeof journalUses>>;
  /** The operator's own. */
  readonly namespace: string;
  /** Who writes, for people: it is told in an annotation. */
  readonly creator: string;
  /** Compressed bytes in one ConfigMap. @default 700 KiB */
  readonly partBytes?: number;
}

/** Objects in a page of the index: kube-apiserver reads them whole, 35 MB at most. */
const PAGE = 50;
/** Tries to write one part while somebody else writes and deletes it. */
const TRIES = 5;
/** On every object, besides the label. */
const CREATOR = 'optipod.io/created-by';

export function createRecordObjects(options: RecordObjectsOptions): RecordObjects {
  const { provider, access, namespace, creator, partBytes } = options;

  async function listed(limit: number | undefined, signal?: AbortSignal): Promise<{ name: string; uid: string }[]> {
    const all: { name: string; uid: string }[] = [];
    for await (const page of access.index.pages({ limit, signal })) {
      all.push(...page.map(({ metadata: { name, uid } }) => ({ name, uid })));
    }
    return all;
  }

  async function find(name: string, signal?: AbortSignal): Promise<Stored | undefined> {
    try {
      return await access.kept.read({ namespace, name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** What is there of a record now, up to the first part that is missing. */
  async function standing(slot: Slot, signal?: AbortSignal): Promise<{ entry: Entry; decoded: Decoded }> {
    const found: Stored[] = [];
    do {
      const next = await find(nameOf(provider, { ...slot, part: found.length + 1 }), signal);
      if (next === undefined) break;
      found.push(next);
    } while (found.length < countOf(found[0]));
    const parts = new Map(found.map(({ metadata: { uid } }, position) => [position + 1, uid]));
    return { entry: { ...slot, parts }, decoded: await decode(provider, slot, found) };
  }

  async function removeOne(name: string, uid: string, signal?: AbortSignal): Promise<void> {
    try {
      // The UID makes it harmless however late it comes.
      await access.kept.delete({ namespace, name, uid }, { signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** @returns the part's UID, or the whole record where it is there already, compressed by another version of Node */
  async function put(slot: Slot, part: NamedPart, bytes: Uint8Array, signal?: AbortSignal): Promise<string | Entry> {
    const { name, data, binaryData } = part;
    const labels = { [HISTORY_LABEL]: provider };
    const metadata = { namespace, name, labels, annotations: { [CREATOR]: creator } };
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const created = await access.written.create({ metadata, data, binaryData, immutable: true }, { signal });
        return created.metadata.uid;
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      const there = await find(name, signal);
      if (there === undefined) continue;
      if (isSamePart(there, part)) return there.metadata.uid;
      const { entry, decoded } = await standing(slot, signal);
      if (decoded.valid && Buffer.compare(decoded.record.bytes, bytes) === 0) return entry;
      if (decoded.valid) throw new JournalConflict(`${name} is of another record of the same span`);
      if (there.metadata.labels?.[HISTORY_LABEL] !== provider) throw new JournalConflict(`${name} is somebody else's`);
      await removeOne(name, there.metadata.uid, signal);
    }
    throw new JournalConflict(`${name} is written by somebody else, again and again`);
  }

  async function index(signal?: AbortSignal) {
    const entries = new Map<string, Slot & { readonly parts: Map<number, string> }>();
    const strange: SetAside[] = [];
    for (const { name, uid } of await whole(listed, signal)) {
      const parsed = partOf(provider, name);
      if (parsed === undefined) {
        strange.push({ name, problem: `it has the label ${HISTORY_LABEL} and no name of a record` });
        continue;
      }
      const { part, ...slot } = parsed;
      const key = nameOf(provider, { ...slot, part: 1 });
      const entry = entries.get(key) ?? { ...slot, parts: new Map<number, string>() };
      entries.set(key, entry);
      entry.parts.set(part, uid);
    }
    return { entries: [...entries.values()], strange };
  }

  return {
    index,
    read: async ({ kind, from, to }, signal) => (await standing({ kind, from, to }, signal)).decoded,
    async write(kind, record, signal) {
      const slot = { kind, from: record.from, to: record.to };
      const parts = new Map<number, string>();
      for (const [position, part] of (await encode(provider, kind, record, partBytes)).entries()) {
        const there = await put(slot, part, record.bytes, signal);
        if (typeof there !== 'string') return there;
        parts.set(position + 1, there);
      }
      return { ...slot, parts };
    },
    async remove({ parts, ...slot }, signal) {
      for (const [part, uid] of parts) await removeOne(nameOf(provider, { ...slot, part }), uid, signal);
    },
  };
}

/** A list that takes longer in pages than the server keeps old versions is taken whole. */
async function whole<T>(
  list: (limit: number | undefined, signal?: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await list(PAGE, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
    return await list(undefined, signal);
  }
}
