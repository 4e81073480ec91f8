import { type KubeObject, type OperatorDefinition, keptCertificateUses, namesOf } from 'optipod/kube';
import type { AccessProvider } from './access.js';
import { keepCertificate } from './certificate-keeper.js';
import { type Controller, createController } from './controller.js';
import { type RuntimeMetrics, instantGauge } from './metrics.js';

/** That it changed is all there is to keep of an object: a private key has no business in memory. */
const version = ({ metadata }: KubeObject) => metadata.resourceVersion;

/** There is one certificate, so one key. */
const KEY = 'webhook';

export interface CertificateControllerOptions {
  readonly access: AccessProvider;
  /** The operator's own. */
  readonly namespace: string;
  /** What kube-apiserver calls the server. @default the names of its Service */
  readonly dnsNames?: readonly string[] | undefined;
  readonly metrics: RuntimeMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Keeps the certificate with which an operator's admission handlers are served, and kube-apiserver's trust in it. */
export function certificateController(
  definition: OperatorDefinition,
  { access, namespace, dnsNames, metrics, now }: CertificateControllerOptions,
): Controller {
  const names = namesOf(definition);
  const uses = keptCertificateUses(names.certificateSecret, names.admission, definition.admission);
  const { secret, mutating, validating } = access.to(uses, { secret: version, mutating: version, validating: version });
  const webhooks = [mutating, validating].filter((one) => one !== undefined);
  const tellExpiry = instantGauge(
    metrics.registry,
    `${definition.name.replaceAll('-', '_')}_webhook_certificate_expiry_timestamp_seconds`,
    "When the webhook's serving certificate ends, in seconds since 1970.",
  );
  const controller = createController({
    name: 'webhook-certificate',
    async reconcile(_key, { signal, log }) {
      const { requeueAfterMs, expires } = await keepCertificate({
        secret: { access: secret, namespace, name: names.certificateSecret },
        webhooks: webhooks.map((one) => ({ access: one, name: names.admission })),
        dnsNames: dnsNames ?? ['svc', 'svc.cluster.local'].map((zone) => `${names.admission}.${namespace}.${zone}`),
        fieldManager: `${definition.name}-certificates`,
        now: new Date(now()),
        log,
        signal,
      });
      tellExpiry(expires);
      return { requeueAfterMs };
    },
  });
  // Watched so that a certificate or a CA bundle that somebody removed is back at once.
  for (const { informer } of [secret, ...webhooks]) informer.onEvent(() => controller.enqueue(KEY));
  controller.enqueue(KEY);
  return controller;
}
