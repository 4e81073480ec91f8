import type { Settings } from 'optipod/kube';
import type { PROMETHEUS_ACCESS_SETTINGS, PROMETHEUS_NAME_SETTINGS } from 'optipod/lib/optipod';
import { configuredEndpoint } from '../endpoint/configured.js';
import type { Endpoint, EndpointOptions } from '../endpoint/endpoint.js';
import type { Names } from './queries.js';

/** How Prometheus is reached as settings say. @throws Error naming the settings that contradict each other */
export function prometheusEndpoint(
  settings: Settings<typeof PROMETHEUS_ACCESS_SETTINGS>,
  options: Pick<EndpointOptions, 'url' | 'timeoutMs'>,
): Endpoint {
  return configuredEndpoint('prometheus', {
    title: 'Prometheus',
    ...options,
    headers: settings.prometheusHeaders,
    username: settings.prometheusUsername,
    password: settings.prometheusPassword,
    token: settings.prometheusToken,
    caFile: settings.prometheusCaFile,
    certFile: settings.prometheusCertFile,
    keyFile: settings.prometheusKeyFile,
    insecureSkipVerify: settings.prometheusInsecureSkipVerify,
  });
}

/** What the series of usage, and their labels, are called. */
export function metricNames(settings: Settings<typeof PROMETHEUS_NAME_SETTINGS>): Names {
  return {
    cpu: settings.prometheusCpuMetric,
    memory: settings.prometheusMemoryMetric,
    periods: settings.prometheusPeriodsMetric,
    throttledPeriods: settings.prometheusThrottledPeriodsMetric,
    podOwner: settings.prometheusPodOwnerMetric,
    replicaSetOwner: settings.prometheusReplicaSetOwnerMetric,
    namespaceLabel: settings.prometheusNamespaceLabel,
    podLabel: settings.prometheusPodLabel,
    containerLabel: settings.prometheusContainerLabel,
    matchers: settings.prometheusMatchers,
  };
}
