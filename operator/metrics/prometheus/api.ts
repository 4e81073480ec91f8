import { ProviderError } from '../provider.js';
import { excerpt, type Endpoint } from '../endpoint/endpoint.js';
import { RefusedError } from '../endpoint/errors.js';
import { matrixReader, type MatrixEnd, type TakeSeries } from './matrix.js';

/** Times and step in seconds. */
export interface RangeQuery {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** Whether it is asked in parts where it is too much. @default false */
  readonly isDivisible?: boolean;
}

const PATH = '/api/v1/query_range';

/** Kept of an answer, for the error about one that is none. */
const BEGINNING = 1000;

/**
 * Prometheus' `query_range`, read as it comes.
 * @param take gets what an answer that breaks off has up to there, and then everything of the next try
 * @throws ProviderError that names the address, and what it answered; the reason of the signal
 */
export async function queryRange(
  endpoint: Endpoint,
  { query, start, end, step, isDivisible = false }: RangeQuery,
  take: TakeSeries,
  signal: AbortSignal,
): Promise<void> {
  const parameters = new URLSearchParams({
    query,
    start: String(start),
    end: String(end),
    step: String(step),
    // Of Thanos and VictoriaMetrics: an error is better than a part of the truth. Prometheus passes it over.
    partial_response: 'false',
    deny_partial_response: '1',
  });
  const place = endpoint.placeOf({ path: PATH });
  await endpoint.ask(
    { path: PATH, parameters, method: 'POST', isDivisible },
    async (body) => {
      let beginning = '';
      const reader = matrixReader(take);
      const no = (error: SyntaxError) => notPrometheus(place, `${error.message} (${excerpt(beginning)})`, error);
      for await (const chunk of body) {
        if (beginning.length < BEGINNING) beginning += chunk.toString('latin1', 0, BEGINNING);
        orElse(no, () => reader.write(chunk));
      }
      const answer = orElse(no, () => reader.end());
      checkAnswer(place, answer, beginning);
    },
    signal,
  );
}

function checkAnswer(place: string, { status, error, isMatrix, isPartial }: MatrixEnd, beginning: string): void {
  if (status === 'error') throw new RefusedError(`${place} answered: ${error ?? excerpt(beginning)}`, 200);
  if (status !== 'success' || !isMatrix) throw notPrometheus(place, excerpt(beginning));
  if (isPartial) {
    throw new ProviderError(
      'ProviderAnswerInvalid',
      `${place} knows only a part of the series: some of its storage is away`,
    );
  }
}

function notPrometheus(place: string, said: string, cause?: unknown): ProviderError {
  const message = `${place} gave no matrix for a range query, as Prometheus does, but: ${said}`;
  return new ProviderError('ProviderAnswerInvalid', message, { cause });
}

/** Does something with the answer; where the answer is no such JSON, throws what that means. */
function orElse<T>(meaning: (error: SyntaxError) => Error, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof SyntaxError ? meaning(error) : error;
  }
}
