/** `@optipod/operator`: OptiPod's operator, for whoever embeds it; the runtime under it is `@optipod/operator/runtime`. */
export { createOperator, type OperatorOptions } from './operator.js';
export { OPERATOR_SETTINGS, operatorSettings, type OperatorSettings } from './settings.js';
export { ProviderError } from './metrics/provider.js';
export type { ContainerRef, MetricsProvider, ReadRequest, SeriesRef, UsageSink } from './metrics/reading.js';
