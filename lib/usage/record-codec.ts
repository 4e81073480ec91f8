import { WORKLOAD_KINDS } from '../policy/index.js';
import { ByteReader, ByteWriter, UsageRecordError } from './bytes.js';
import { checkLog } from './chunk-log.js';
import { USAGE_METRICS } from './container-history.js';
import type { ContainerRecord, Samples, SeriesRecord, UsageRecord } from './record.js';

/** The first byte of every record, and the version of what follows. */
const MAGIC = 0x75;
const VERSION = 1;

const KINDS = ['interval', 'segment'] as const;
const CONTENTS = ['samples', 'chunks'] as const;

/**
 * A record in few bytes: names share their beginning with the name before, instants are told from one to the next, and a value
 * takes as many bytes as it has digits. Nothing is lost. Whoever stores the bytes adds a checksum.
 */
export function encodeUsageRecord({ kind, from, to, containers }: UsageRecord): Uint8Array {
  const bytes = new ByteWriter();
  bytes.byte(MAGIC);
  bytes.byte(VERSION);
  bytes.byte(KINDS.indexOf(kind));
  bytes.whole(from);
  bytes.whole(to);
  bytes.whole(containers.length);
  let before: Names = NO_NAMES;
  // Neighbours have most of their names in common.
  for (const container of containers.map((one) => ({ one, key: keyOf(one) })).sort(byKey)) {
    writeContainer(bytes, container.one, before, to);
    before = container.one;
  }
  return bytes.take();
}

/** @throws UsageRecordError for bytes of another version, and for broken ones, whatever they are */
export function decodeUsageRecord(bytes: Uint8Array): UsageRecord {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== MAGIC) throw new UsageRecordError('this is no record of usage');
  const version = reader.byte();
  if (version !== VERSION) throw new UsageRecordError(`a record of version ${version}, of which nothing is known`);
  const kind = oneOf(KINDS, reader.byte());
  const from = reader.whole();
  const to = reader.whole();
  const containers: ContainerRecord[] = [];
  let before: Names = NO_NAMES;
  for (let left = reader.count(); left > 0; left -= 1) {
    const container = readContainer(reader, before, to);
    containers.push(container);
    before = container;
  }
  if (!reader.isDone) throw new UsageRecordError('a record with more in it than was counted');
  return { kind, from, to, containers };
}

type Names = Pick<ContainerRecord, 'namespace' | 'workload' | 'container'>;

const NO_NAMES: Names = { namespace: '', workload: '', container: '' };

function keyOf({ namespace, kind, workload, container }: ContainerRecord): string {
  return `${namespace}/${workload}/${kind}/${container}`;
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function writeContainer(bytes: ByteWriter, container: ContainerRecord, before: Names, to: number): void {
  writeName(bytes, container.namespace, before.namespace);
  writeName(bytes, container.workload, before.workload);
  writeName(bytes, container.container, before.container);
  bytes.byte(WORKLOAD_KINDS.indexOf(container.kind));
  bytes.whole(container.series.length);
  // A pod's name begins with its workload's.
  let pod = container.workload;
  for (const series of container.series) {
    writeName(bytes, series.pod, pod);
    pod = series.pod;
    writeSeries(bytes, series, to);
  }
  bytes.whole(container.peaks.length);
  for (const { at, bytes: peak } of container.peaks) {
    bytes.double(at);
    writeAmount(bytes, peak);
  }
  bytes.whole(container.oomKills.length);
  for (const kill of container.oomKills) {
    bytes.text(kill.id);
    bytes.text(kill.pod);
    bytes.double(kill.at);
    writeAmount(bytes, kill.bytes);
  }
}

function readContainer(reader: ByteReader, before: Names, to: number): ContainerRecord {
  const namespace = readName(reader, before.namespace);
  const workload = readName(reader, before.workload);
  const container = readName(reader, before.container);
  const kind = oneOf(WORKLOAD_KINDS, reader.byte());
  let pod = workload;
  const series = times(reader.count(), (): SeriesRecord => {
    pod = readName(reader, pod);
    return { pod, ...readSeries(reader, to) };
  });
  const peaks = times(reader.count(), () => ({ at: readTime(reader), bytes: readAmount(reader) }));
  const oomKills = times(reader.count(), () => ({
    id: reader.text(),
    pod: reader.text(),
    at: readTime(reader),
    bytes: readAmount(reader),
  }));
  return { namespace, kind, workload, container, series, peaks, oomKills };
}

function writeSeries(bytes: ByteWriter, { metric, samples, chunks }: SeriesRecord, to: number): void {
  const content = chunks ? 'chunks' : 'samples';
  bytes.byte(USAGE_METRICS.indexOf(metric) * CONTENTS.length + CONTENTS.indexOf(content));
  if (chunks) {
    bytes.block(chunks);
    return;
  }
  const { instants, values } = samples ?? { instants: [], values: [] };
  bytes.whole(instants.length);
  let last = to;
  instants.forEach((at, index) => {
    bytes.signed(at - last);
    last = at;
    writeAmount(bytes, values[index] ?? 0);
  });
}

function readSeries(reader: ByteReader, to: number): Omit<SeriesRecord, 'pod'> {
  const header = reader.byte();
  const metric = oneOf(USAGE_METRICS, Math.floor(header / CONTENTS.length));
  if (CONTENTS[header % CONTENTS.length] === 'chunks') {
    const chunks = reader.block();
    checkLog(chunks);
    return { metric, chunks };
  }
  const samples = { instants: [] as number[], values: [] as number[] } satisfies Samples;
  let at = to;
  for (let left = reader.count(); left > 0; left -= 1) {
    at += reader.signed();
    if (at < 0 || !Number.isSafeInteger(at)) throw new UsageRecordError('an instant that cannot be');
    samples.instants.push(at);
    samples.values.push(readAmount(reader));
  }
  return { metric, samples };
}

/** How a name begins as the one before did, and how it goes on. */
function writeName(bytes: ByteWriter, name: string, before: string): void {
  let same = 0;
  while (same < name.length && name.charCodeAt(same) === before.charCodeAt(same)) same += 1;
  // Not between the halves of one character.
  if (same > 0 && (name.charCodeAt(same - 1) & 0xfc00) === 0xd800) same -= 1;
  bytes.whole(same);
  bytes.text(name.slice(same));
}

function readName(reader: ByteReader, before: string): string {
  const same = reader.whole();
  if (same > before.length) throw new UsageRecordError('a name that begins as none did');
  return before.slice(0, same) + reader.text();
}

/** How an amount is written, in its two lowest bits: whole KiB, whole, whole billionths (as the metrics API counts), any. */
const ANY = 3;

function writeAmount(bytes: ByteWriter, amount: number): void {
  const kibibytes = amount / 1024;
  const billionths = Math.round(amount * 1e9);
  // Two bits fewer than a whole number may have.
  if (kibibytes <= 2 ** 51 && Number.isInteger(kibibytes) && kibibytes * 1024 === amount) bytes.whole(kibibytes * 4);
  else if (amount <= 2 ** 51 && Number.isInteger(amount)) bytes.whole(amount * 4 + 1);
  else if (billionths <= 2 ** 51 && billionths / 1e9 === amount) bytes.whole(billionths * 4 + 2);
  else {
    bytes.whole(ANY);
    bytes.double(amount);
  }
}

function readAmount(reader: ByteReader): number {
  const written = reader.whole();
  const form = written % 4;
  const amount = Math.floor(written / 4);
  if (form === 0) return amount * 1024;
  if (form === 1) return amount;
  if (form === 2) return amount / 1e9;
  return notNegative(reader.double());
}

function readTime(reader: ByteReader): number {
  return notNegative(reader.double());
}

function notNegative(value: number): number {
  if (value >= 0 && value < Infinity) return value;
  throw new UsageRecordError('an amount that cannot be');
}

function oneOf<T>(all: readonly T[], index: number): T {
  const one = all[index];
  if (one === undefined) throw new UsageRecordError('something that this version does not know');
  return one;
}

function times<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read);
}
