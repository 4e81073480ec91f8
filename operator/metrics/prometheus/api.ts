import { request } from 'undici';
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

/**
 * Prometheus' `query_range`.
 * @throws ProviderError that names the address, and what it answered.
 */
export async function queryRange(
  base: string,
  { query, start, end, step }: RangeQuery,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly RangeSeries[]> {
  const url = new URL(`${base.replace(/\/$/, '')}/api/v1/query_range`);
  const body = new URLSearchParams({ query, start: String(start), end: String(end), step: String(step) }).toString();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  let statusCode: number;
  let text: string;
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
      signal,
    });
    statusCode = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    throw new ProviderError(
      'ProviderUnreachable',
      `Prometheus at ${url.origin} cannot be reached: ${reasonOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const answer = parseAnswer(text);
  if (statusCode !== 200 || answer?.status !== 'success') {
    const said = answer?.error ?? text.slice(0, 200).trim();
    throw new ProviderError('ProviderRefused', `Prometheus at ${url.href} answered ${statusCode}: ${said}`);
  }
  const result = answer.data?.result;
  if (answer.data?.resultType !== 'matrix' || !result) {
    throw new ProviderError('ProviderAnswerInvalid', `Prometheus at ${url.href} gave no matrix for a range query`);
  }
  return result.map(({ metric, values }) => ({
    metric,
    values: values.map(([instant, value]) => [instant, sampleValue(value)] as const),
  }));
}

interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType?: string;
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

function parseAnswer(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    // Not Prometheus, or cut short: told with the status code by the caller.
    return undefined;
  }
}

function sampleValue(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  // An AggregateError of several refused addresses has a code, and no message.
  return error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
}
