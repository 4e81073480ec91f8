import { Refused } from '../refused.js';
import { traceOf, type Trace } from './trace.js';

/** The first line of every file. */
export const HEADER = 'timestamp,cpu_cores,memory_bytes';

/** As readers of other languages write them, for what was not measured or cannot be. An empty field is a gap, too. */
const NO_NUMBER = /^(|nan|null|[-+]?inf(inity)?)$/i;

/** The end of the year 9999. What is larger counts something finer than seconds. */
const LATEST = 253_402_300_799;

/**
 * One container's usage as CSV: a line for each reading, in seconds since 1970, cores and bytes, in any order.
 * @param file for messages
 * @throws Refused that names file, line and value of the first thing that is wrong
 */
export function parseCsv(name: string, file: string, text: string): Trace {
  // A byte order mark is what spreadsheets write.
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = (lines[0] ?? '').trim();
  if (header !== HEADER) throw new Refused(`${file}:1: the header must be ${HEADER}, not ${JSON.stringify(header)}`);
  const cpu: [number, number][] = [];
  const memory: [number, number][] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const fields = line.split(',').map((field) => field.trim());
    const [timestamp, cores, bytes] = fields;
    const place = `${file}:${index + 1}`;
    if (timestamp === undefined || cores === undefined || bytes === undefined || fields.length > 3) {
      throw new Refused(`${place}: a line must have the three values of ${HEADER}, not ${JSON.stringify(line)}`);
    }
    const at = instant(place, timestamp);
    cpu.push([at, amount(place, 'cpu_cores', cores)]);
    memory.push([at, amount(place, 'memory_bytes', bytes)]);
  }
  return traceOf(name, [
    { pod: name, resource: 'cpu', samples: cpu },
    { pod: name, resource: 'memory', samples: memory },
  ]);
}

function instant(place: string, text: string): number {
  const at = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(at) && at >= 0 && at <= LATEST) return at;
  throw new Refused(`${place}: timestamp must be a number of seconds since 1970, not ${JSON.stringify(text)}`);
}

/** What is no usable amount is NaN, and left out with what else is not usable. */
function amount(place: string, column: string, text: string): number {
  if (NO_NUMBER.test(text)) return Number.NaN;
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  throw new Refused(`${place}: ${column} must be a number, not ${JSON.stringify(text)}`);
}
