import { sameJson } from '../json-equal.js';
import { isRecord } from '../record.js';
import { childPath, type FieldError } from './field-error.js';

/** What is wrong with an object after an update: by it, or already before. */
export interface Ratcheted {
  readonly broken: readonly FieldError[];
  /** What kube-apiserver lets stand: the update did not touch it. */
  readonly tolerated: readonly FieldError[];
}

/**
 * Tells what an update broke from what was broken before, as kube-apiserver does (CRD validation ratcheting): an error
 * stands only where the value that it is about has changed. Items of lists have no counterpart in the old list, so that a
 * changed list is judged whole.
 */
export function ratchet(errors: readonly FieldError[], object: unknown, old: unknown): Ratcheted {
  const isTolerated = ({ path, at = path }: FieldError) => {
    const [now, before] = counterparts(at, object, old);
    return before !== undefined && sameJson(now, before);
  };
  return { broken: errors.filter((error) => !isTolerated(error)), tolerated: errors.filter(isTolerated) };
}

/** The values that a path leads to in both objects, or to the list on the way to it. */
function counterparts(path: string, object: unknown, old: unknown): readonly [unknown, unknown] {
  let [now, before, at] = [object, old, ''];
  while (at !== path && isRecord(now)) {
    const keys = Object.keys(now).filter((key) => leadsTo(childPath(at, key), path));
    // Keys of maps may have dots in them: the longest is meant.
    const key = keys.reduce<string | undefined>(
      (best, one) => (best && best.length > one.length ? best : one),
      undefined,
    );
    if (key === undefined) return [undefined, undefined];
    at = childPath(at, key);
    [now, before] = [now[key], isRecord(before) && Object.hasOwn(before, key) ? before[key] : undefined];
  }
  return [now, before];
}

function leadsTo(prefix: string, path: string): boolean {
  return path === prefix || (path.startsWith(prefix) && ['.', '['].includes(path.charAt(prefix.length)));
}
