import type { ReadRequest } from '../metrics/reading.js';

/** What was read of a namespace: everything after `from` up to and with `to`, in seconds since 1970. */
export interface Covered {
  readonly from: number;
  /** The newest sample there was: what came later than the reading is read with the next one. */
  readonly to: number;
  /** Up to when was asked. */
  readonly asked: number;
  /** Whether the last reading of what is new brought nothing. */
  readonly isQuiet: boolean;
}

/** By namespace. */
export type Coverage = ReadonlyMap<string, Covered>;

/** How long the windows are that are needed in each namespace, in seconds. */
export type Demand = ReadonlyMap<string, readonly number[]>;

/**
 * One reading, and what it is for: what is new, a glance whether there is anything again after a time without, a namespace that
 * nothing was read of yet, or a longer past of one.
 */
export interface PlannedRead extends ReadRequest {
  readonly part: 'news' | 'glance' | 'start' | 'past';
  readonly namespaces: readonly string[];
}

export interface PlanOptions {
  /** Up to when is to be read, in seconds since 1970. */
  readonly to: number;
  readonly looksBack: boolean;
  /** How far back to begin where nothing can be told of the past, in seconds. */
  readonly interval: number;
  /** How far daily peaks of memory reach, in seconds. */
  readonly peakWindow: number;
  /** About how much of the past is read at a time, in seconds. @default all of it */
  readonly slice?: number;
}

/** So long may samples be late, in seconds, when for longer there were none: what is read again for them does not grow. */
const LATE = 3600;

const DAY = 86_400;

/**
 * What is missing: the news first, then the past, window by window, so that a long one that fails costs no shorter one anything,
 * and long ones in slices, so that there is time for news between them. Namespaces that lack the same are read together, so that
 * most often there is one reading.
 */
export function planReads(coverage: Coverage, demand: Demand, options: PlanOptions): PlannedRead[] {
  const { to, looksBack, interval, peakWindow, slice = Infinity } = options;
  const longest = longestOf(demand);
  // What begins later than now was read when the clock was wrong.
  const isKnown = (namespace: string) => (coverage.get(namespace)?.from ?? Infinity) <= to;
  const known = [...demand.keys()].filter(isKnown);
  const unknown = [...demand.keys()].filter((namespace) => !isKnown(namespace));
  // What was read before counts once: the same span for all is one reading.
  const last = Math.min(...known.map((namespace) => coverage.get(namespace)?.to ?? Infinity));
  if (!looksBack) {
    const from = known.length === 0 ? to - interval : Math.max(last, to - longest);
    const isDue = from < to || unknown.length > 0;
    return demand.size > 0 && isDue
      ? [{ part: 'news', from: Math.min(from, to), to, namespaces: sorted(demand.keys()) }]
      : [];
  }
  const news: PlannedRead[] =
    last < to ? [newsOf(coverage, sorted(known), { from: Math.max(last, to - longest), to })] : [];
  const pieces = sorted(demand.keys()).flatMap((namespace) => {
    const since = isKnown(namespace) ? coverage.get(namespace)?.from : undefined;
    const missing = missingPieces(demand.get(namespace) ?? [], to, since);
    return missing.flatMap((piece) => sliced(piece, slice)).map((piece) => ({ namespace, ...piece }));
  });
  const looks = grouped(pieces).map((read): PlannedRead => {
    return read.part === 'start' ? { ...read, peaksFrom: Math.min(read.from, to - peakWindow) } : read;
  });
  return [...news, ...looks];
}

/** Pods may be scaled to nothing for days: once nothing came of all that is new, the end of it is enough to see that some does. */
function newsOf(coverage: Coverage, namespaces: readonly string[], span: ReadRequest): PlannedRead {
  const before = namespaces.flatMap((namespace) => coverage.get(namespace) ?? []);
  const end = Math.min(...before.map(({ asked }) => asked)) - LATE;
  const isQuiet = before.every((covered) => covered.isQuiet);
  if (isQuiet && end > span.from) return { part: 'glance', ...span, from: end, namespaces };
  return { part: 'news', ...span, namespaces };
}

/** The longest window of all, in seconds. */
export function longestOf(demand: Demand): number {
  return Math.max(0, ...[...demand.values()].flat());
}

/** What is covered after a reading. @param newest the instant of its newest sample, if there was one */
export function coveredBy(coverage: Coverage, read: PlannedRead, newest: number | undefined): Coverage {
  const result = new Map(coverage);
  for (const namespace of read.namespaces) {
    const before = coverage.get(namespace);
    if (!before || read.part === 'start') {
      result.set(namespace, { from: read.from, to: read.to, asked: read.to, isQuiet: false });
    } else if (read.part === 'past') {
      result.set(namespace, { ...before, from: Math.min(before.from, read.from) });
    } else {
      // A server whose clock is behind, or that had a pause, has the rest later; what a glance finds, all that is new is read for.
      const isRead = read.part === 'news' && newest !== undefined;
      const to = isRead ? Math.max(before.to, Math.min(read.to, newest)) : before.to;
      const asked = Math.max(before.asked, read.to);
      result.set(namespace, { ...before, to, asked, isQuiet: newest === undefined });
    }
  }
  return result;
}

/** What is still covered once everything up to an instant is forgotten. */
export function coveredSince(coverage: Coverage, forgotten: number): Coverage {
  return new Map(
    Array.from(coverage, ([namespace, covered]) => [
      namespace,
      { ...covered, from: Math.max(covered.from, forgotten) },
    ]),
  );
}

/** What is covered as of an instant: what lies after it was read when the clock was wrong. */
export function coveredUntil(coverage: Coverage, at: number): Coverage {
  const before = [...coverage].filter(([, { from }]) => from <= at);
  return new Map(
    before.map(([namespace, covered]) => [
      namespace,
      { ...covered, to: Math.min(covered.to, at), asked: Math.min(covered.asked, at) },
    ]),
  );
}

interface Piece {
  readonly part: 'start' | 'past';
  readonly from: number;
  readonly to: number;
}

/** What one namespace lacks of its windows. @param covered since when it is known, if it is at all */
function missingPieces(windows: readonly number[], to: number, covered: number | undefined): Piece[] {
  const pieces: Piece[] = [];
  let since = covered;
  for (const from of windows.map((window) => to - window).sort((a, b) => b - a)) {
    if (since === undefined) pieces.push({ part: 'start', from, to });
    else if (from < since) pieces.push({ part: 'past', from, to: since });
    since = Math.min(from, since ?? from);
  }
  return pieces;
}

/** A piece in slices, the nearest first. They end at midnight, UTC, as the longest chunks do that samples are merged into. */
function sliced({ part, from, to }: Piece, slice: number): Piece[] {
  const cut = Math.floor((to - slice) / DAY) * DAY;
  return cut > from
    ? [{ part, from: cut, to }, ...sliced({ part: 'past', from, to: cut }, slice)]
    : [{ part, from, to }];
}

/** The nearest first: those of a namespace follow one another. */
function grouped(
  pieces: readonly (Piece & { readonly namespace: string })[],
): (Piece & { readonly namespaces: readonly string[] })[] {
  const groups = new Map<string, Piece & { readonly namespaces: string[] }>();
  for (const { namespace, ...piece } of pieces) {
    const key = `${piece.part}/${piece.from}/${piece.to}`;
    const group = groups.get(key);
    if (group) group.namespaces.push(namespace);
    else groups.set(key, { ...piece, namespaces: [namespace] });
  }
  return [...groups.values()].sort((a, b) => b.from - a.from);
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort();
}
