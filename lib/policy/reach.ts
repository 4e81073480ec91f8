import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import { sameJson, type FieldError, type LabelSelector } from '../kube/index.js';
import { selectedKinds, type SelectingPolicy, type SelectionScope, type WorkloadKind } from './selection.js';

/** What a policy could ever act on, whatever is made or relabelled after it. */
export interface Reach {
  readonly kinds: readonly WorkloadKind[];
  /** By name; `all` where only labels, or nothing, keep others out: anybody who labels a namespace lets the policy in. */
  readonly namespaces: readonly string[] | 'all';
}

/** kube-apiserver itself sees to it that every namespace has its name there. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Where policies may reach across namespaces. */
export function reachOf({ selector }: Pick<SelectingPolicy['spec'], 'selector'>): Reach {
  const { namespaces: { allow = [], deny = [] } = {}, namespaceSelector, workloadTypes } = selector;
  const lists = [...(allow.length > 0 ? [allow] : []), ...namesIn(namespaceSelector)];
  const [first, ...others] = lists;
  const named = first?.filter((name) => others.every((list) => list.includes(name)) && !deny.includes(name));
  return { kinds: selectedKinds(workloadTypes), namespaces: named ? [...new Set(named)] : 'all' };
}

/** The lists of names that a selector holds namespaces to. */
function namesIn({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): (readonly string[])[] {
  const named = Object.hasOwn(matchLabels, NAME_LABEL) ? matchLabels[NAME_LABEL] : undefined;
  const expressions = matchExpressions.filter(({ key, operator }) => key === NAME_LABEL && operator === 'In');
  return [...(named === undefined ? [] : [[named]]), ...expressions.map(({ values = [] }) => values)];
}

/** What a policy asks for that the installation gives to no policy: namespaces other than its own. */
export function scopeErrors(
  { metadata, spec }: Pick<SelectingPolicy, 'metadata' | 'spec'>,
  { policyScope }: Pick<SelectionScope, 'policyScope'>,
): FieldError[] {
  if (policyScope === 'Cluster') return [];
  return (spec.selector.namespaces?.allow ?? []).flatMap((name, index) =>
    name === metadata.namespace
      ? []
      : {
          path: `spec.selector.namespaces.allow[${String(index)}]`,
          value: name,
          message: `Forbidden: policies reach no namespace but their own here (policyScope: Namespace), and "${name}" is another`,
          reason: 'FieldValueForbidden' as const,
        },
  );
}

const STRENGTH = { Disabled: 0, Recommend: 1, Auto: 2 } as const;

type Spec = OptimizationPolicy['spec'];

/**
 * Whether an update can only make a policy do less: a weaker mode, more namespaces denied, more kinds excluded, and nothing
 * else. False where that takes more than a look.
 */
export function onlyWeakens(before: Spec, after: Spec): boolean {
  return (
    STRENGTH[after.mode] <= STRENGTH[before.mode] &&
    includesAll(after.selector.namespaces?.deny, before.selector.namespaces?.deny) &&
    includesAll(after.selector.workloadTypes?.exclude, before.selector.workloadTypes?.exclude) &&
    sameJson(essence(after), essence(before))
  );
}

function includesAll(list: readonly string[] = [], of: readonly string[] = []): boolean {
  return of.every((item) => list.includes(item));
}

/** All but what `onlyWeakens` compares by itself. */
function essence({ mode: _, selector, ...rest }: Spec): object {
  const { namespaces, workloadTypes, ...labels } = selector;
  return { ...rest, labels, allow: namespaces?.allow ?? [], include: workloadTypes?.include ?? [] };
}
