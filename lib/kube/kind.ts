import type { EventObject, KubeObject, LeaseObject, LimitRange, Pod, ResourceQuota, WorkloadObject } from './wire.js';

/** A kind of object the API serves; `T` is the shape of its objects and exists for the type checker alone. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly objects?: T;
}

/** The shape of a kind's objects. */
export type ObjectsOf<K extends Kind> = K extends Kind<infer T> ? T : never;

/** The `apiVersion` of a kind: `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/**
 * A kind that somebody else defines: `kind<{ spec: { replicas?: number } }>('apps', 'v1', 'ReplicaSet', 'replicasets')`. The type
 * says what its objects have besides what all objects have.
 */
export function kind<T extends object = object>(
  group: string,
  version: string,
  name: string,
  plural: string,
  scope: Kind['scope'] = 'Namespaced',
): Kind<KubeObject & T> {
  return { group, version, kind: name, plural, scope };
}

export const Namespace = kind('', 'v1', 'Namespace', 'namespaces', 'Cluster');
export const PodKind = kind<Pod>('', 'v1', 'Pod', 'pods');
export const LimitRangeKind = kind<LimitRange>('', 'v1', 'LimitRange', 'limitranges');
export const NodeKind = kind<{ readonly status?: { readonly allocatable?: Readonly<Record<string, string>> } }>(
  '',
  'v1',
  'Node',
  'nodes',
  'Cluster',
);
export const ResourceQuotaKind = kind<ResourceQuota>('', 'v1', 'ResourceQuota', 'resourcequotas');
export const ConfigMap = kind<{
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}>('', 'v1', 'ConfigMap', 'configmaps');
export const Secret = kind<KubeObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> }>(
  '',
  'v1',
  'Secret',
  'secrets',
);
export const Deployment = kind<WorkloadObject>('apps', 'v1', 'Deployment', 'deployments');
export const StatefulSet = kind<WorkloadObject>('apps', 'v1', 'StatefulSet', 'statefulsets');
export const DaemonSet = kind<WorkloadObject>('apps', 'v1', 'DaemonSet', 'daemonsets');
export const ReplicaSet = kind('apps', 'v1', 'ReplicaSet', 'replicasets');
export const EndpointSlice = kind<
  KubeObject & { readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] }
>('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices');

/** As far as whoever keeps its certificate authorities reads it. */
export type WebhookConfiguration = KubeObject & {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
};
export const MutatingWebhookConfiguration = kind<WebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  'Cluster',
);
export const ValidatingWebhookConfiguration = kind<WebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  'Cluster',
);

/** Asks kube-apiserver whether somebody may do something: created, answered in its status, never stored. */
export const SubjectAccessReview = kind<
  KubeObject & {
    readonly status?: { readonly allowed: boolean; readonly reason?: string; readonly evaluationError?: string };
  }
>('authorization.k8s.io', 'v1', 'SubjectAccessReview', 'subjectaccessreviews', 'Cluster');
export const Lease = kind<LeaseObject>('coordination.k8s.io', 'v1', 'Lease', 'leases');
/** Of the core group, whose fields `kubectl describe` and `kubectl get events --field-selector` know. */
export const EventKind = kind<EventObject>('', 'v1', 'Event', 'events');
