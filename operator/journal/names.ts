import { HISTORY_PREFIX } from 'optipod/lib/optipod';
import type { RecordKind, Slot } from './record.js';

/** One of the ConfigMaps of a record, counted from 1. */
export interface PartOf extends Slot {
  readonly part: number;
}

const LETTERS = { interval: 'i', segment: 's' } as const satisfies Record<RecordKind, string>;
const KINDS: Readonly<Record<string, RecordKind>> = { i: 'interval', s: 'segment' };

/** `optipod-history-<provider>-i-<from>-<to>-<part>`; of a segment, with an s. The same content has the same name, always. */
export function nameOf(provider: string, { kind, from, to, part }: PartOf): string {
  return `${HISTORY_PREFIX}-${provider}-${LETTERS[kind]}-${from}-${to}-${part}`;
}

/** The reverse; undefined for every name that `nameOf` would not give. */
export function partOf(provider: string, name: string): PartOf | undefined {
  const [, letter = '', from, to, part] = /-([is])-(\d+)-(\d+)-(\d+)$/.exec(name) ?? [];
  const kind = KINDS[letter];
  if (kind === undefined) return undefined;
  const parsed = { kind, from: Number(from), to: Number(to), part: Number(part) };
  return nameOf(provider, parsed) === name ? parsed : undefined;
}
