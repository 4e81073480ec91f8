import type { Names } from '../../operator/metrics/prometheus/queries.js';
import { operatorSettings } from '../../operator/settings.js';

const settings = operatorSettings({ env: {}, argv: [] });

/** The series of kubelets and kube-state-metrics, as they are called by default. */
export const METRIC_NAMES: Names = {
  cpu: settings.prometheusCpuMetric,
  memory: settings.prometheusMemoryMetric,
  periods: settings.prometheusPeriodsMetric,
  throttledPeriods: settings.prometheusThrottledPeriodsMetric,
  podOwner: settings.prometheusPodOwnerMetric,
  replicaSetOwner: settings.prometheusReplicaSetOwnerMetric,
  namespaceLabel: settings.prometheusNamespaceLabel,
  podLabel: settings.prometheusPodLabel,
  containerLabel: settings.prometheusContainerLabel,
};
