import { metricNames } from '../../operator/metrics/prometheus/settings.js';
import { operatorSettings } from '../../operator/settings.js';

/** The series of kubelets and kube-state-metrics, as they are called by default. */
export const METRIC_NAMES = metricNames(operatorSettings({ env: {}, argv: [] }));
