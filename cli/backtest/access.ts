import type { Endpoint } from '../../operator/metrics/endpoint/endpoint.js';
import type { Names } from '../../operator/metrics/prometheus/queries.js';
import { metricNames, prometheusEndpoint } from '../../operator/metrics/prometheus/settings.js';
import { messageOf } from '../../operator/runtime/errors.js';
import { operatorSettings } from '../../operator/settings.js';
import { Refused } from '../refused.js';
import { prometheusArgv } from './prometheus-options.js';

/** A Prometheus, and what its series are called. */
export interface PrometheusAccess {
  readonly endpoint: Endpoint;
  readonly names: Names;
}

/** Days of a whole cluster are large answers. */
const TIMEOUT_MS = 60_000;

/**
 * The Prometheus at a URL, reached as the operator would: by the same settings, from a file, the environment and flags.
 * @param given the command's options
 * @throws Refused naming the setting that is wrong
 */
export function prometheusAccess(url: string, given: object, env = process.env): PrometheusAccess {
  try {
    const settings = operatorSettings({ env, argv: prometheusArgv(given) });
    return { endpoint: prometheusEndpoint(settings, { url, timeoutMs: TIMEOUT_MS }), names: metricNames(settings) };
  } catch (error) {
    throw new Refused(messageOf(error));
  }
}
