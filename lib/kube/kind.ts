import type { KubeObject, LimitRange, Pod, WorkloadObject } from './wire.js';

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

/** The `apiVersion` of a kind: `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

function kind<T extends KubeObject>(
  group: string,
  version: string,
  name: string,
  plural: string,
  scope: Kind['scope'] = 'Namespaced',
): Kind<T> {
  return { group, version, kind: name, plural, scope };
}

export const Namespace = kind('', 'v1', 'Namespace', 'namespaces', 'Cluster');
export const PodKind = kind<Pod>('', 'v1', 'Pod', 'pods');
export const LimitRangeKind = kind<LimitRange>('', 'v1', 'LimitRange', 'limitranges');
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
export const MutatingWebhookConfiguration = kind<
  KubeObject & {
    readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
  }
>('admissionregistration.k8s.io', 'v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', 'Cluster');
