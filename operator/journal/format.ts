import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { messageOf } from '../runtime/index.js';
import { nameOf } from './names.js';
import type { JournalRecord, RecordKind, Slot } from './record.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** What a ConfigMap of a record holds. */
export interface Part {
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>> | undefined;
}

/** A part under its name. */
export interface NamedPart extends Part {
  readonly name: string;
}

/** What the parts of a record came to. */
export type Decoded =
  { readonly valid: true; readonly record: JournalRecord } | { readonly valid: false; readonly problem: string };

/** Another one is written when an older program would read it wrong; what is unknown is set aside. */
const FORMAT = '1';

/** kube-apiserver takes a MiB of content in a ConfigMap, and 3 MB as a request, in which base64 makes it a third more. */
export const PART_BYTES = 700 * 1024;

/** Under which the compressed bytes are in `binaryData`. */
const ITEM = 'gzip';

/** Everything that is said of a record besides its bytes; in this order it goes into the checksum. */
const FIELDS = ['format', 'provider', 'kind', 'from', 'to', 'bytes', 'parts'] as const;

type Header = Readonly<Record<(typeof FIELDS)[number], string>>;

/**
 * A record as its ConfigMaps hold it: the same record gives the same parts.
 * @param partBytes of compressed content in each
 */
export async function encode(
  provider: string,
  kind: RecordKind,
  record: JournalRecord,
  partBytes = PART_BYTES,
): Promise<NamedPart[]> {
  const { from, to, bytes } = record;
  const compressed = await compress(bytes);
  const parts = Math.ceil(compressed.length / partBytes);
  const header: Header = {
    format: FORMAT,
    provider,
    kind,
    from: String(from),
    to: String(to),
    bytes: String(bytes.length),
    parts: String(parts),
  };
  const sha256 = checksum(header, compressed);
  return Array.from({ length: parts }, (_, index) => ({
    name: nameOf(provider, { kind, from, to, part: index + 1 }),
    data: { ...header, part: String(index + 1), sha256 },
    binaryData: {
      [ITEM]: compressed.subarray(index * partBytes, (index + 1) * partBytes).toString('base64'),
    },
  }));
}

/**
 * The record of a slot from its parts. Each of them must say what its name does and what the others say, all must be there, and
 * the checksum over what they say and hold must be right: whatever was flipped, cut or swapped is noticed, before anything is
 * decompressed.
 * @param parts the first, the second, and so on; one that is undefined or not there is missing
 */
export async function decode(provider: string, slot: Slot, parts: readonly (Part | undefined)[]): Promise<Decoded> {
  const first = parts[0]?.data ?? {};
  if (first.format !== undefined && first.format !== FORMAT) return broken(`format ${first.format} is unknown`);
  const header = Object.fromEntries(FIELDS.map((field) => [field, first[field] ?? ''])) as Header;
  if (parts[0] === undefined) return broken('part 1 is missing');
  const count = Number(header.parts);
  const pieces: Buffer[] = [];
  for (let index = 0; index < count || index === 0; index += 1) {
    const part = parts[index];
    if (part === undefined) return broken(`part ${index + 1} of ${count} is missing`);
    const piece = bytesOf(part);
    if (piece === undefined) return broken(`part ${index + 1} has no base64 of "${ITEM}" alone`);
    if (!isSame(part.data ?? {}, { ...header, part: String(index + 1), sha256: first.sha256 ?? '' })) {
      return broken(`part ${index + 1} is not of the record that part 1 is of`);
    }
    pieces.push(piece);
  }
  const named = { format: FORMAT, provider, kind: slot.kind, from: String(slot.from), to: String(slot.to) };
  const misnamed = Object.entries(named).find(([field, value]) => first[field] !== value);
  if (misnamed) return broken(`it says ${misnamed[0]} "${first[misnamed[0]] ?? ''}" and is called otherwise`);
  const compressed = Buffer.concat(pieces);
  if (checksum(header, compressed) !== first.sha256) return broken('the checksum is not that of the content');
  try {
    const bytes = await decompress(compressed, { maxOutputLength: Math.max(1, Number(header.bytes)) });
    if (String(bytes.length) !== header.bytes) return broken(`there are ${bytes.length} bytes, not ${header.bytes}`);
    return { valid: true, record: { from: slot.from, to: slot.to, bytes } };
  } catch (error) {
    return broken(messageOf(error));
  }
}

/** Whether two parts hold the same. */
export function isSamePart(a: Part, b: Part): boolean {
  return isSame(a.data ?? {}, b.data ?? {}) && isSame(a.binaryData ?? {}, b.binaryData ?? {});
}

/** How many parts a record has, as its first part says: more than are there, or fewer. */
export function countOf(first: Part | undefined): number {
  const count = Number(first?.data?.parts);
  return Number.isSafeInteger(count) ? count : 1;
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Node leaves out what is not base64, and bits that no byte has room for; what it would leave out is not accepted. */
function bytesOf({ binaryData = {} }: Part): Buffer | undefined {
  const text = binaryData[ITEM];
  if (text === undefined || Object.keys(binaryData).length !== 1) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function checksum(header: Header, compressed: Buffer): string {
  const lines = FIELDS.map((field) => `${field}=${header[field]}\n`).join('');
  return createHash('sha256').update(lines).update(compressed).digest('hex');
}

function broken(problem: string): Decoded {
  return { valid: false, problem };
}
