import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { AdmissionDefinition, Kind, LabelSelector } from '../../lib/kube/index.js';

/** The Service behind which admission handlers are served. */
export interface WebhookService {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

/** How kube-apiserver comes to trust the server: the authorities themselves, or by whom they are put in later. */
export interface TrustedBy {
  /** Base64 of PEM. */
  readonly caBundle?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * A MutatingWebhookConfiguration and a ValidatingWebhookConfiguration of the same name, each only where a handler of its
 * type is defined. Where no certificate authority is given they name none: that field is left to whoever keeps the
 * certificates, so that applying the manifests again does not take it away.
 */
export function webhookConfigurations(
  scope: Construct,
  name: string,
  admission: readonly AdmissionDefinition[],
  service: WebhookService,
  { caBundle, annotations }: TrustedBy = {},
): void {
  for (const [type, kind] of [
    ['mutating', 'MutatingWebhookConfiguration'],
    ['validating', 'ValidatingWebhookConfiguration'],
  ] as const) {
    const clientConfig = { service, ...(caBundle === undefined ? {} : { caBundle }) };
    const ofType = admission.filter((definition) => definition.type === type);
    const webhooks = ofType.map((one) => webhook(one, clientConfig));
    if (webhooks.length === 0) continue;
    new ApiObject(scope, `${name}-${type}`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name, ...(annotations ? { annotations } : {}) },
      webhooks,
    });
  }
}

interface ClientConfig {
  readonly service: WebhookService;
  readonly caBundle?: string;
}

function webhook(definition: AdmissionDefinition, { service, caBundle }: ClientConfig): Record<string, unknown> {
  const { name, type, path, reviews, operations, failurePolicy, timeoutSeconds } = definition;
  const { namespaceSelector, objectSelector, reinvocationPolicy } = definition;
  return {
    name,
    admissionReviewVersions: ['v1'],
    clientConfig: { service: { ...service, path }, ...(caBundle === undefined ? {} : { caBundle }) },
    rules: [
      {
        apiGroups: [reviews.group],
        apiVersions: [reviews.version],
        resources: [reviews.plural],
        operations,
        scope: reviews.scope,
      },
    ],
    failurePolicy,
    timeoutSeconds,
    sideEffects: 'None',
    ...selected(reviews, service, namespaceSelector),
    ...(objectSelector ? { objectSelector } : {}),
    ...(type === 'mutating' && reinvocationPolicy ? { reinvocationPolicy } : {}),
  };
}

/** A webhook that reviews what its own pods need could keep itself from ever starting; no pod needs a custom resource. */
function selected(reviews: Kind, { namespace }: WebhookService, namespaceSelector: LabelSelector | undefined): object {
  if (reviews.scope === 'Cluster') return {};
  if (isBuiltIn(reviews)) return { namespaceSelector: elsewhere(namespace, namespaceSelector) };
  return namespaceSelector ? { namespaceSelector } : {};
}

/** Groups of others have a domain that is not Kubernetes' own. */
function isBuiltIn({ group }: Kind): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}

function elsewhere(namespace: string, selector: LabelSelector = {}): LabelSelector {
  const own = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace] } as const;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), own] };
}
