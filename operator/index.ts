/** `@optipod/operator`: OptiPod's operator, for whoever embeds it; the runtime under it is `@optipod/operator/runtime`. */
export { createOperator, type OperatorOptions } from './operator.js';
export { OPERATOR_SETTINGS, operatorSettings, type OperatorSettings } from './settings.js';
export { ProviderError, type MetricsProvider, type UsageRequest } from './metrics/provider.js';
