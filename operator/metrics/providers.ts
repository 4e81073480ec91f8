import { messageOf, type KubeClient } from '../runtime/index.js';
import type { OperatorSettings } from '../settings.js';
import { createCustomProvider } from './custom/custom.js';
import { createEndpoint, type EndpointOptions } from './endpoint/endpoint.js';
import { createMetricsServerProvider } from './metrics-server/metrics-server.js';
import { createPrometheusProvider } from './prometheus/prometheus.js';
import type { Names } from './prometheus/queries.js';
import type { MetricsProvider } from './reading.js';

/** Providers by the names that policies call them. */
export type MetricsProviders = Partial<Record<MetricsProvider['name'], MetricsProvider>>;

/**
 * The providers that these settings configure; one that is not there stands for no other.
 * @throws Error naming the settings that contradict each other
 */
export function metricsProviders(settings: OperatorSettings, client: Pick<KubeClient, 'list'>): MetricsProviders {
  const prometheus = prometheusOf(settings);
  const custom = customOf(settings);
  return {
    ...(prometheus && { prometheus }),
    'metrics-server': createMetricsServerProvider({ client, intervalMs: settings.metricsServerInterval }),
    ...(custom && { custom }),
  };
}

function prometheusOf(settings: OperatorSettings): MetricsProvider | undefined {
  const { prometheusUrl: url } = settings;
  if (url === undefined) return undefined;
  const endpoint = endpointOf('prometheus', {
    title: 'Prometheus',
    url,
    timeoutMs: settings.prometheusTimeout,
    headers: settings.prometheusHeaders,
    username: settings.prometheusUsername,
    password: settings.prometheusPassword,
    token: settings.prometheusToken,
    caFile: settings.prometheusCaFile,
    certFile: settings.prometheusCertFile,
    keyFile: settings.prometheusKeyFile,
    insecureSkipVerify: settings.prometheusInsecureSkipVerify,
  });
  return createPrometheusProvider({
    endpoint,
    names: metricNames(settings),
    rateWindowMs: settings.prometheusRateWindow,
    stepMs: settings.prometheusStep,
    settleMs: settings.prometheusSettle,
  });
}

/** What the series of usage, and their labels, are called. */
export function metricNames(settings: OperatorSettings): Names {
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

function customOf(settings: OperatorSettings): MetricsProvider | undefined {
  const { customUrl: url } = settings;
  if (url === undefined) return undefined;
  const endpoint = endpointOf('custom', {
    title: 'the custom provider',
    url,
    timeoutMs: settings.customTimeout,
    headers: settings.customHeaders,
    username: settings.customUsername,
    password: settings.customPassword,
    token: settings.customToken,
    caFile: settings.customCaFile,
    certFile: settings.customCertFile,
    keyFile: settings.customKeyFile,
    insecureSkipVerify: settings.customInsecureSkipVerify,
  });
  return createCustomProvider({ endpoint, intervalMs: settings.customInterval, settleMs: settings.customSettle });
}

/** @param prefix of the settings that these are, for the error */
function endpointOf(prefix: string, options: EndpointOptions) {
  try {
    return createEndpoint(options);
  } catch (error) {
    throw new Error(`of the settings that begin with ${prefix}, ${messageOf(error)}`, { cause: error });
  }
}
