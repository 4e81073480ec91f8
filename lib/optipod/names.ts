/** Names by which OptiPod's objects are known in a cluster; people and documents refer to them. */
export const NAMES = {
  namespace: 'optipod-system',
  operator: 'optipod',
  webhook: 'optipod-webhook',
  webhookConfiguration: 'optipod-webhook',
  certificateSecret: 'optipod-webhook-tls',
} as const;

/** The label by which a namespace opts in to admission. */
export const WEBHOOK_NAMESPACE_LABEL = { key: 'optipod.io/webhook', value: 'enabled' } as const;

/** On the namespace of OptiPod: `"true"` stops everything, and new pods start with their own resources. */
export const PAUSED_ANNOTATION = 'optipod.io/paused';

/** Whether the annotations of OptiPod's own namespace stop everything. */
export function isPaused(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return annotations?.[PAUSED_ANNOTATION] === 'true';
}
