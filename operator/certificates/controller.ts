import { MutatingWebhookConfiguration } from 'optipod/kube';
import { certificateController, NAMES } from 'optipod/lib/optipod';
import { Gauge } from 'prom-client';
import {
  createController,
  keepCertificate,
  type Controller,
  type KubeClient,
  type RuntimeMetrics,
} from '../runtime/index.js';

const FIELD_MANAGER = 'optipod-certificates';

/** There is one certificate, so one key. */
export const CERTIFICATE_KEY = 'webhook';

export interface CertificatesContext {
  readonly client: KubeClient;
  readonly namespace: string;
  /** What kube-apiserver calls the webhook. */
  readonly dnsNames: readonly string[];
  readonly metrics: RuntimeMetrics;
  readonly now: () => number;
}

/** The names of the webhook's Service. */
export function serviceNames(namespace: string): string[] {
  return [`${NAMES.webhook}.${namespace}.svc`, `${NAMES.webhook}.${namespace}.svc.cluster.local`];
}

/** Keeps the webhook's serving certificate, and kube-apiserver's trust in it. */
export function certificates({ client, namespace, dnsNames, metrics, now }: CertificatesContext): Controller {
  const expiry = new Gauge({
    name: 'optipod_webhook_certificate_expiry_timestamp_seconds',
    help: "When the webhook's serving certificate ends, in seconds since 1970.",
    registers: [metrics.registry],
  });
  return createController({
    name: certificateController.name,
    async reconcile(_key, { signal, log }) {
      const { requeueAfterMs, expires } = await keepCertificate({
        client,
        secret: { namespace, name: NAMES.certificateSecret },
        webhooks: [{ kind: MutatingWebhookConfiguration, name: NAMES.webhookConfiguration }],
        dnsNames,
        fieldManager: FIELD_MANAGER,
        now: new Date(now()),
        log,
        signal,
      });
      expiry.set(expires.getTime() / 1000);
      return { requeueAfterMs };
    },
  });
}
