import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { messageOf } from '../../runtime/errors.js';
import { ProviderError } from '../provider.js';

/** One series of a range query. */
export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** [seconds since 1970, value]; `NaN`, `+Inf` and `-Inf` as numbers. */
  readonly values: readonly (readonly [number, number])[];
}

export interface RangeQuery {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Pauses before the second and the third try, in milliseconds: a restart of Prometheus takes longer, a lost connection not. */
const PAUSES_MS = [200, 1000];

/** What proxies answer for a server that is away for a moment. */
const PASSING = [429, 502, 503, 504];

/**
 * Prometheus' `query_range`. What may pass (a lost connection, an overloaded proxy) is tried three times in all; that
 * there was no answer in time is not.
 * @throws ProviderError that names the address, and what it answered; the reason of the signal
 */
export async function queryRange(
  base: string,
  query: RangeQuery,
  options: QueryOptions,
): Promise<readonly RangeSeries[]> {
  for (const ms of PAUSES_MS) {
    try {
      return await queryOnce(base, query, options);
    } catch (error) {
      if (!(error instanceof PassingError)) throw error;
      await pause(ms * (0.5 + Math.random() / 2), undefined, { signal: options.signal });
    }
  }
  return queryOnce(base, query, options);
}

interface QueryOptions {
  /** For one try. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

class PassingError extends ProviderError {}

async function queryOnce(
  base: string,
  { query, start, end, step }: RangeQuery,
  options: QueryOptions,
): Promise<readonly RangeSeries[]> {
  const url = new URL(`${base.replace(/\/$/, '')}/api/v1/query_range`);
  const place = `Prometheus at ${url.origin}${url.pathname}`;
  const body = new URLSearchParams({ query, start: String(start), end: String(end), step: String(step) }).toString();
  const expiry = AbortSignal.timeout(options.timeoutMs);
  let statusCode: number;
  let text: string;
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
      signal: AbortSignal.any([options.signal, expiry]),
    });
    statusCode = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    // Called off by the caller: that says nothing about Prometheus.
    options.signal.throwIfAborted();
    const reason = expiry.aborted ? 'no answer in time' : messageOf(error);
    const Failure = expiry.aborted ? ProviderError : PassingError;
    throw new Failure('ProviderUnreachable', `${place} cannot be reached: ${reason}`, { cause: error });
  }
  const answer = parseAnswer(text);
  const said = typeof answer?.error === 'string' ? answer.error : text.trim().replaceAll(/\s+/g, ' ').slice(0, 200);
  if (statusCode !== 200 || answer?.status === 'error') {
    const Failure = PASSING.includes(statusCode) ? PassingError : ProviderError;
    throw new Failure('ProviderRefused', `${place} answered ${statusCode}: ${said}`);
  }
  const matrix = answer?.status === 'success' ? matrixOf(answer.data) : undefined;
  if (!matrix) {
    const message = `${place} gave no matrix for a range query, as Prometheus does, but: ${said}`;
    throw new ProviderError('ProviderAnswerInvalid', message);
  }
  return matrix;
}

interface Answer {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly data?: unknown;
}

/** What the JSON of a matrix is, where Prometheus wrote it. */
interface Matrix {
  readonly resultType: 'matrix';
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [number, string])[];
  }[];
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    // Not Prometheus, or cut short: told by the caller.
    return undefined;
  }
}

/** @returns undefined for what is no matrix: whatever the URL led to may have answered. */
function matrixOf(data: unknown): RangeSeries[] | undefined {
  try {
    const { resultType, result } = data as Matrix;
    if ((resultType as unknown) !== 'matrix') return undefined;
    return result.map(({ metric, values }) => ({
      metric: { ...metric },
      values: values.map(([instant, value]) => [instant, sampleValue(value)] as const),
    }));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function sampleValue(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}
