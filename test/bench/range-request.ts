import type { PrometheusQuery } from '../support/prometheus.js';

/** A query that Prometheus was asked, to be posted once more. */
export interface RangeRequest {
  readonly url: string;
  readonly form: string;
}

/** @param prometheus its URL */
export function rangeRequest(prometheus: string, { query, start, end, step }: PrometheusQuery): RangeRequest {
  const form = new URLSearchParams({ query, start, end, step: String(step) }).toString();
  return { url: `${prometheus}/api/v1/query_range`, form };
}
