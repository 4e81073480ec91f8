import { NAMES } from 'optipod/lib/optipod';

export interface WebhookSliceOptions {
  /** @default `optipod-webhook-here` */
  readonly name?: string;
  /** @default true */
  readonly isReady?: boolean;
}

/** A pod of the webhook, as its Service would know of it, where it runs in no pod: what the operator takes it for ready by. */
export function webhookSlice({ name = `${NAMES.webhook}-here`, isReady = true }: WebhookSliceOptions = {}) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: NAMES.namespace, labels: { 'kubernetes.io/service-name': NAMES.webhook } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 9443 }],
    endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: isReady } }],
  };
}
