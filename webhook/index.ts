/** `@optipod/webhook`: OptiPod's admission webhook, for whoever embeds it; the host under it is `@optipod/webhook/server`. */
export { createWebhook, type WebhookOptions } from './webhook.js';
export {
  podHandler,
  type InjectedWorkload,
  type KnownOrFetched,
  type PodResult,
  type PodReviewSources,
  type ReplicaSetOwnership,
} from './pods.js';
export { policyHandler, type PolicyResult, type PolicyReviewSources } from './policies.js';
export { rightsOf, type AuthorsRights, type MissingRight } from './authors.js';
export { WEBHOOK_SETTINGS, webhookSettings, type WebhookSettings } from './settings.js';
