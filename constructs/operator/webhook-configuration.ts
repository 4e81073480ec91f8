import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { AdmissionDefinition, LabelSelector } from '../../lib/kube/index.js';

/** The Service behind which admission handlers are served. */
export interface WebhookService {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

/**
 * A MutatingWebhookConfiguration and a ValidatingWebhookConfiguration of the same name, each only where a handler of its
 * type is defined. They name no certificate authority: that field is left to whoever keeps the certificates, so that
 * applying the manifests again does not take it away.
 */
export function webhookConfigurations(
  scope: Construct,
  name: string,
  admission: readonly AdmissionDefinition[],
  service: WebhookService,
): void {
  for (const [type, kind] of [
    ['mutating', 'MutatingWebhookConfiguration'],
    ['validating', 'ValidatingWebhookConfiguration'],
  ] as const) {
    const webhooks = admission.filter((definition) => definition.type === type).map((one) => webhook(one, service));
    if (webhooks.length === 0) continue;
    new ApiObject(scope, `${name}-${type}`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name },
      webhooks,
    });
  }
}

function webhook(definition: AdmissionDefinition, service: WebhookService): Record<string, unknown> {
  const { name, type, path, reviews, operations, failurePolicy, timeoutSeconds } = definition;
  const { namespaceSelector, objectSelector, reinvocationPolicy } = definition;
  return {
    name,
    admissionReviewVersions: ['v1'],
    clientConfig: { service: { ...service, path } },
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
    ...(reviews.scope === 'Namespaced' ? { namespaceSelector: elsewhere(service.namespace, namespaceSelector) } : {}),
    ...(objectSelector ? { objectSelector } : {}),
    ...(type === 'mutating' && reinvocationPolicy ? { reinvocationPolicy } : {}),
  };
}

/** A webhook that reviews what its own pods need could keep itself from ever starting. */
function elsewhere(namespace: string, selector: LabelSelector = {}): LabelSelector {
  const own = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace] } as const;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), own] };
}
