import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import { matchesLabels, type LabelSelector } from '../kube/index.js';
import {
  emptySelection,
  isReserved,
  keyOf,
  precedes,
  selectsNamespace,
  selectsWorkload,
  type SelectableNamespace,
  type SelectableWorkload,
  type SelectingPolicy,
  type SelectionScope,
} from './selection.js';

/** What there is in the cluster, from memory. */
export interface PolicyWorld {
  /** The valid ones; the policy itself may be among them, as it was. */
  readonly policies: readonly SelectingPolicy[];
  readonly namespaces: readonly SelectableNamespace[];
  readonly workloads: (namespace: string) => readonly SelectableWorkload[];
  /** By which a namespace opts in to admission. */
  readonly optIn: { readonly key: string; readonly value: string };
  readonly scope: SelectionScope;
}

type AdvisedPolicy = Pick<OptimizationPolicy, 'spec'> & { readonly metadata: SelectingPolicy['metadata'] };

/**
 * What is legal about a valid policy and probably not what its author wants, today: a line for each, the gravest first.
 * Nothing is said of a Disabled one. Other policies, and namespaces that the policy does not name, are counted and not named:
 * nobody knows for certain who asks.
 */
export function advice(policy: AdvisedPolicy, world: PolicyWorld): string[] {
  if (policy.spec.mode === 'Disabled') return [];
  const places = placesOf(policy, world);
  return [
    ...emptiness(policy, world, places),
    ...shadow(policy, world, places),
    ...admission(policy, world, places),
    ...names(policy, world),
    ...withoutEffect(policy.spec),
  ];
}

/** The workloads that a policy's selector matches, whoever governs them, by namespace. */
export function matchedWorkloads(
  policy: AdvisedPolicy,
  world: PolicyWorld,
): ReadonlyMap<string, readonly SelectableWorkload[]> {
  return new Map(placesOf(policy, world).map(({ namespace, workloads }) => [namespace.metadata.name, workloads]));
}

/** A namespace that the policy reaches, and what it matches there. */
interface Place {
  readonly namespace: SelectableNamespace;
  readonly workloads: readonly SelectableWorkload[];
}

function placesOf(policy: AdvisedPolicy, { namespaces, workloads, scope }: PolicyWorld): Place[] {
  return namespaces
    .filter((namespace) => selectsNamespace(policy, namespace, scope))
    .map((namespace) => ({
      namespace,
      workloads: workloads(namespace.metadata.name).filter((one) => selectsWorkload(policy.spec.selector, one)),
    }));
}

function emptiness({ metadata, spec }: AdvisedPolicy, { scope }: PolicyWorld, places: readonly Place[]): string[] {
  const { selector } = spec;
  const empty = emptySelection(selector);
  if (empty !== undefined) return [`the policy matches nothing: ${empty}`];
  const { allow = [], deny = [] } = selector.namespaces ?? {};
  const denied = allow.filter((name) => deny.includes(name));
  const partly = denied.length > 0 ? [`selector.namespaces.deny takes back what allow names: ${listed(denied)}`] : [];
  if (places.some(({ workloads }) => workloads.length > 0)) return partly;
  const restricted =
    scope.policyScope === 'Namespace' && places.length === 0
      ? `policies reach no namespace but their own here (policyScope: Namespace), and the selector leaves out ${metadata.namespace ?? ''}`
      : undefined;
  const where =
    places.length === 0
      ? 'no namespace satisfies the selector'
      : `there is none in ${namespacesOf(
          allow,
          places.map(({ namespace }) => namespace.metadata.name),
        )}`;
  return [`the policy matches no workload today: ${restricted ?? where}`, ...partly];
}

/** How many comparisons of policies an answer is worth: some 10 ms. Beyond that nothing is said. */
const MOST_COMPARISONS = 50_000;

function shadow(policy: AdvisedPolicy, { policies, scope }: PolicyWorld, places: readonly Place[]): string[] {
  const own = { ...policy, metadata: { ...policy.metadata, creationTimestamp: createdAt(policy) } };
  const before = policies.filter(
    (other) => other.spec.mode !== 'Disabled' && keyOf(other) !== keyOf(policy) && precedes(other, own),
  );
  const inhabited = places.filter(({ workloads }) => workloads.length > 0);
  const matched = inhabited.reduce((sum, { workloads }) => sum + workloads.length, 0);
  let comparisons = 0;
  let lost = 0;
  for (const { namespace, workloads } of inhabited) {
    const present = before.filter((other) => selectsNamespace(other, namespace, scope));
    comparisons += before.length + present.length * workloads.length;
    if (comparisons > MOST_COMPARISONS) return [];
    const shadowed = (one: SelectableWorkload) => present.some((other) => selectsWorkload(other.spec.selector, one));
    lost += workloads.filter(shadowed).length;
  }
  if (lost === 0) return [];
  const howMany =
    matched === 1
      ? 'the one workload'
      : lost === matched
        ? `all ${matched} workloads`
        : `${lost} of the ${matched} workloads`;
  const verb = matched === 1 ? 'is' : 'are';
  return [
    `${howMany} that the policy matches ${verb} governed by a policy with more weight, or an older one; ` +
      'the annotation optipod.io/policy says which',
  ];
}

/** One that is only about to be created is younger than all others. */
function createdAt({ metadata }: AdvisedPolicy): string {
  const { creationTimestamp } = metadata as { readonly creationTimestamp?: string };
  return creationTimestamp ?? '9999-12-31T23:59:59Z';
}

/** Where the webhook would have to give new pods their resources, and will not be asked. */
function admission({ spec }: AdvisedPolicy, { optIn, scope }: PolicyWorld, places: readonly Place[]): string[] {
  if (spec.mode !== 'Auto' || spec.updateStrategy.strategy !== 'webhook') return [];
  const named = spec.selector.namespaces?.allow ?? [];
  const meant = places
    .filter(({ namespace, workloads }) => workloads.length > 0 || named.includes(namespace.metadata.name))
    .map(({ namespace }) => namespace.metadata);
  const reserved = meant.filter(({ name }) => isReserved(name, scope.ownNamespace)).map(({ name }) => name);
  const unlabelled = meant
    .filter(({ name, labels }) => !reserved.includes(name) && labels?.[optIn.key] !== optIn.value)
    .map(({ name }) => name);
  const { key, value } = optIn;
  return [
    ...(unlabelled.length > 0
      ? [
          `new pods get what is recommended only in namespaces labelled ${key}=${value}; without it: ` +
            namespacesOf(named, unlabelled),
        ]
      : []),
    ...(reserved.length > 0 ? [`the webhook strategy never works in ${namespacesOf(named, reserved)}`] : []),
  ];
}

/** Names of namespaces that are probably slips. */
function names({ spec: { selector } }: AdvisedPolicy, { namespaces, scope }: PolicyWorld): string[] {
  const { allow = [] } = selector.namespaces ?? {};
  const there = new Set(namespaces.map(({ metadata }) => metadata.name));
  const missing = allow.filter((name) => !there.has(name));
  const wanted = selector.namespaceSelector;
  const leftOut =
    allow.length === 0 && wanted && isSpecific(wanted)
      ? namespaces.filter(
          ({ metadata }) => isReserved(metadata.name, scope.ownNamespace) && matchesLabels(wanted, metadata.labels),
        )
      : [];
  return [
    ...(missing.length > 0 ? [`selector.namespaces.allow names what is not there: ${listed(missing)}`] : []),
    ...(leftOut.length > 0
      ? [
          'selector.namespaceSelector matches reserved namespaces, left out all the same: ' +
            'they must be named in selector.namespaces.allow',
        ]
      : []),
  ];
}

/** Whether a selector asks for labels: one that only rules some out matches the reserved ones without meaning to. */
function isSpecific({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return (
    Object.keys(matchLabels).length > 0 ||
    matchExpressions.some(({ operator }) => operator === 'In' || operator === 'Exists')
  );
}

/** Fields that say something else than their default, and that nothing reads because of another field. */
function withoutEffect({ metricsConfig, updateStrategy }: AdvisedPolicy['spec']): string[] {
  const { strategy, rolloutStrategy, useServerSideApply, updateRequestsOnly, limitConfig } = updateStrategy;
  const idle = (field: string, because: string) => [`${field} has no effect: ${because}`];
  return [
    ...(strategy === 'ssa' && rolloutStrategy === 'immediate'
      ? idle('updateStrategy.rolloutStrategy', 'it is for the strategy webhook')
      : []),
    ...(strategy === 'webhook' && !useServerSideApply
      ? idle('updateStrategy.useServerSideApply', 'it is for the strategy ssa')
      : []),
    ...(updateRequestsOnly && (limitConfig.cpuLimitMultiplier !== 1 || limitConfig.memoryLimitMultiplier !== 1.1)
      ? idle('updateStrategy.limitConfig', 'updateRequestsOnly leaves limits alone')
      : []),
    ...(metricsConfig.metricsServer?.minSamplesRequired !== undefined && metricsConfig.provider !== 'metrics-server'
      ? idle('metricsConfig.metricsServer', `the provider is ${metricsConfig.provider}`)
      : []),
  ];
}

/** Those that the policy names, by name. */
function namespacesOf(named: readonly string[], all: readonly string[]): string {
  const known = all.filter((name) => named.includes(name));
  const others = all.length - known.length;
  if (others === 0) return listed(known);
  const counted = `${String(others)} namespace${others === 1 ? '' : 's'} that the policy does not name`;
  return known.length === 0 ? counted : `${listed(known)} and ${counted}`;
}

/** The first few, and how many more there are. */
export function listed(items: readonly string[], most = 3): string {
  const rest = items.length - most;
  return rest > 0 ? `${items.slice(0, most).join(', ')} and ${String(rest)} more` : items.join(', ');
}
