import type { OptimizationPolicy, WorkloadSelection } from '../../imports/types/optimization-policy.js';
import { matchesLabels, type ObjectMeta } from '../kube/index.js';

/** Namespaces that a policy reaches only where it names them in `namespaces.allow`; the operator's own is one more. */
export const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'] as const;

/** On a workload or a namespace: `"true"` keeps OptiPod away, whatever policies say. */
export const IGNORE_ANNOTATION = 'optipod.io/ignore';

/** The kinds of workloads that there are to right-size. */
export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** Whether policies reach workloads of other namespaces than their own. */
export const POLICY_SCOPES = ['Cluster', 'Namespace'] as const;
export type PolicyScope = (typeof POLICY_SCOPES)[number];

/** How far policies reach at all; operator and webhook must be told the same. */
export interface SelectionScope {
  /** The operator's own namespace, reserved as the system namespaces are. */
  readonly ownNamespace: string;
  readonly policyScope: PolicyScope;
}

/** What selection reads of a workload. */
export interface SelectableWorkload {
  readonly kind: WorkloadKind;
  readonly metadata: Pick<ObjectMeta, 'name' | 'labels' | 'annotations'> & { readonly namespace: string };
}

/** What selection reads of a namespace. */
export interface SelectableNamespace {
  readonly metadata: Pick<ObjectMeta, 'name' | 'labels' | 'annotations'>;
}

/** What selection reads of a policy. */
export interface SelectingPolicy {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'creationTimestamp' | 'uid'>;
  readonly spec: Pick<OptimizationPolicy['spec'], 'mode' | 'weight' | 'selector'>;
}

/**
 * Whether a policy's selector matches a workload: deny, allow, namespaceSelector, workloadSelector and workloadTypes are
 * AND-ed; deny beats allow, exclude beats include.
 */
export function selects(
  policy: SelectingPolicy,
  workload: SelectableWorkload,
  namespace: SelectableNamespace,
  scope: SelectionScope,
): boolean {
  return selectsNamespace(policy, namespace, scope) && selectsWorkload(policy.spec.selector, workload);
}

/** The half of it that is about the namespace. */
export function selectsNamespace(
  { metadata, spec: { selector } }: SelectingPolicy,
  namespace: SelectableNamespace,
  { ownNamespace, policyScope }: SelectionScope,
): boolean {
  const { namespaces, namespaceSelector } = selector;
  const { name, labels } = namespace.metadata;
  const allow = namespaces?.allow ?? [];
  if (policyScope === 'Namespace' && name !== metadata.namespace) return false;
  if (namespaces?.deny?.includes(name)) return false;
  if (allow.length > 0 ? !allow.includes(name) : isReserved(name, ownNamespace)) return false;
  return !isIgnored(namespace) && (!namespaceSelector || matchesLabels(namespaceSelector, labels));
}

/** The half of it that is about the workload itself. */
export function selectsWorkload(
  { workloadSelector, workloadTypes }: WorkloadSelection,
  workload: SelectableWorkload,
): boolean {
  const include = workloadTypes?.include ?? [];
  if (isIgnored(workload)) return false;
  if (workloadTypes?.exclude?.includes(workload.kind)) return false;
  if (include.length > 0 && !include.includes(workload.kind)) return false;
  return !workloadSelector || matchesLabels(workloadSelector, workload.metadata.labels);
}

/**
 * The one policy that acts on a workload: the heaviest that matches. Disabled ones neither win nor shadow; of equals the
 * older wins, then the first by namespace/name.
 */
export function governing<P extends SelectingPolicy>(
  policies: readonly P[],
  workload: SelectableWorkload,
  namespace: SelectableNamespace,
  scope: SelectionScope,
): P | undefined {
  let best: P | undefined;
  for (const policy of policies) {
    if (policy.spec.mode === 'Disabled' || !selects(policy, workload, namespace, scope)) continue;
    if (!best || precedes(policy, best)) best = policy;
  }
  return best;
}

/** Which of two policies acts where both match. */
export function precedes(a: SelectingPolicy, b: SelectingPolicy): boolean {
  if (a.spec.weight !== b.spec.weight) return a.spec.weight > b.spec.weight;
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) {
    return a.metadata.creationTimestamp < b.metadata.creationTimestamp;
  }
  return keyOf(a) < keyOf(b);
}

/** Why a selector can match nothing, whatever there is in the cluster, or undefined. */
export function emptySelection({ namespaces, workloadTypes }: WorkloadSelection): string | undefined {
  const { allow = [], deny = [] } = namespaces ?? {};
  if (allow.length > 0 && allow.every((name) => deny.includes(name))) {
    return 'selector.namespaces.deny names every namespace that selector.namespaces.allow names';
  }
  if (selectedKinds(workloadTypes).length === 0) {
    return 'selector.workloadTypes.exclude names every kind that selector.workloadTypes includes';
  }
  return undefined;
}

/** The kinds of workloads that a selector can match. */
export function selectedKinds({ include = [], exclude = [] }: WorkloadSelection['workloadTypes'] = {}): WorkloadKind[] {
  return WORKLOAD_KINDS.filter((kind) => (include.length === 0 || include.includes(kind)) && !exclude.includes(kind));
}

/** Whether a policy reaches a namespace only by naming it, and the webhook never does. */
export function isReserved(namespace: string, ownNamespace: string): boolean {
  return namespace === ownNamespace || (SYSTEM_NAMESPACES as readonly string[]).includes(namespace);
}

/** `<namespace>/<name>`. */
export function keyOf({ metadata }: Pick<SelectingPolicy, 'metadata'>): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether somebody keeps OptiPod away from a workload or a namespace. */
export function isIgnored({ metadata }: { readonly metadata: Pick<ObjectMeta, 'annotations'> }): boolean {
  return metadata.annotations?.[IGNORE_ANNOTATION] === 'true';
}
