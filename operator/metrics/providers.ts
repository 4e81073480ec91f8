import type { KubeClient } from '../runtime/index.js';
import type { OperatorSettings } from '../settings.js';
import { createCustomProvider } from './custom/custom.js';
import { configuredEndpoint } from './endpoint/configured.js';
import { createMetricsServerProvider } from './metrics-server/metrics-server.js';
import { createPrometheusProvider } from './prometheus/prometheus.js';
import { metricNames, prometheusEndpoint } from './prometheus/settings.js';
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
  const endpoint = prometheusEndpoint(settings, { url, timeoutMs: settings.prometheusTimeout });
  return createPrometheusProvider({
    endpoint,
    names: metricNames(settings),
    rateWindowMs: settings.prometheusRateWindow,
    stepMs: settings.prometheusStep,
    settleMs: settings.prometheusSettle,
  });
}

function customOf(settings: OperatorSettings): MetricsProvider | undefined {
  const { customUrl: url } = settings;
  if (url === undefined) return undefined;
  const endpoint = configuredEndpoint('custom', {
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
