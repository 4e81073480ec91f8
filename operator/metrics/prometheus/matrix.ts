import { SampleRun } from '../sample-run.js';
import { decimal } from './decimal.js';
import { jsonTokens, textOf } from './json-tokens.js';
import { readSamplesInARow } from './sample.js';

/** The labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** Takes a series. Its samples, whose values may be NaN or infinite, may be changed and are good until the call returns. */
export type TakeSeries = (labels: Labels, samples: SampleRun) => void;

/** What an answer says besides its series. */
export interface MatrixEnd {
  /** `success` or `error`. */
  readonly status: string | undefined;
  /** What Prometheus says of its failure. */
  readonly error: string | undefined;
  /** Whether there was a matrix in it. */
  readonly isMatrix: boolean;
  /** VictoriaMetrics says so where some of its storage did not answer. */
  readonly isPartial: boolean;
}

/** An answer of `query_range` that comes in pieces. Both throw SyntaxError for what is no such answer. */
export interface MatrixReader {
  write(chunk: Buffer): void;
  /** Throws where the answer is cut short. */
  end(): MatrixEnd;
}

/** Where in an answer: `{"data": {"result": [{"metric": {…}, "values": [[at, "value"], …]}, …]}}`. */
type Place = 'start' | 'answer' | 'data' | 'result' | 'series' | 'metric' | 'values' | 'sample' | 'other';

/**
 * Reads Prometheus' answer to a range query as it comes, with no object for a sample and no memory but for one series: an
 * answer may have a million samples. What it does not know (warnings, statistics, native histograms) is passed over.
 */
export function matrixReader(take: TakeSeries): MatrixReader {
  const places: Place[] = [];
  const said = new Map<string, string>();
  let place: Place = 'start';
  let key = '';
  let hasResult = false;
  let isPartial = false;
  let labels: Record<string, string> | undefined;
  const samples = new SampleRun();
  let at = 0;
  let value = 0;
  /** How many elements the sample has. */
  let elements = 0;

  function enter(container: 'object' | 'array'): Place {
    const isObject = container === 'object';
    if (place === 'values') return isObject ? fail('a sample') : 'sample';
    if (place === 'series' && key === 'values') return isObject ? fail('values') : 'values';
    if (place === 'series' && key === 'metric') return isObject ? 'metric' : fail('a metric');
    if (place === 'result') return isObject ? 'series' : fail('a series');
    if (place === 'data' && key === 'result' && !isObject) return 'result';
    if (place === 'answer' && key === 'data' && isObject) return 'data';
    if (place === 'start' && isObject) return 'answer';
    return place === 'metric' || place === 'sample' ? fail(`a ${place}`) : 'other';
  }

  function element(read: number): void {
    if (elements === 0) at = read;
    else value = read;
    elements += 1;
  }

  function leave(): void {
    if (place === 'sample') {
      if (elements !== 2) fail('a sample');
      samples.push(at, value);
    } else if (place === 'series') {
      if (!labels) fail('a series');
      take(labels, samples);
    }
  }

  const tokens = jsonTokens({
    open(container) {
      const next = enter(container);
      places.push(place);
      place = next;
      if (place === 'sample') elements = 0;
      else if (place === 'metric') labels = Object.create(null) as Record<string, string>;
      else if (place === 'result') hasResult = true;
      else if (place === 'series') {
        labels = undefined;
        samples.clear();
      }
    },
    arrays: (bytes, start) => (place === 'values' ? readSamplesInARow(bytes, start, samples) : start),
    close() {
      leave();
      place = places.pop() ?? 'start';
    },
    key: (name) => (key = name),
    string(bytes, start, end, isPlain) {
      if (place === 'sample') {
        element(isPlain ? decimal(bytes, start, end) : decimalOf(textOf(bytes, start, end, isPlain)));
      } else if (place === 'metric') {
        if (labels) labels[key] = textOf(bytes, start, end, isPlain);
      } else if (place === 'answer' || place === 'data') said.set(key, textOf(bytes, start, end, isPlain));
      else scalar();
    },
    number(bytes, start, end) {
      if (place === 'sample') element(decimal(bytes, start, end));
      else scalar();
    },
    literal(literal) {
      if (place === 'answer' && key === 'isPartial') isPartial = literal === true;
      else scalar();
    },
  });

  /** Something that is no container stands where one belongs. */
  function scalar(): void {
    const isMisplaced = place === 'series' ? key === 'values' || key === 'metric' : MADE_OF_CONTAINERS.has(place);
    if (isMisplaced) fail(`a ${place}`);
  }

  return {
    write: (chunk) => tokens.write(chunk),
    end() {
      tokens.end();
      const isMatrix = hasResult && said.get('resultType') === 'matrix';
      return { status: said.get('status'), error: said.get('error'), isMatrix, isPartial };
    },
  };
}

const MADE_OF_CONTAINERS: ReadonlySet<Place> = new Set(['result', 'values', 'metric', 'sample']);

function decimalOf(text: string): number {
  const bytes = Buffer.from(text);
  return decimal(bytes, 0, bytes.length);
}

function fail(what: string): never {
  throw new SyntaxError(`the answer is no matrix: it has ${what} of another form`);
}
