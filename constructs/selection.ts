import type { WorkloadSelectionInput, WorkloadTypeFilterInput } from '../imports/types/optimization-policy.js';
import type { LabelSelector } from '../lib/kube/index.js';

/** A kind of workload that policies apply to. */
export type WorkloadKind = NonNullable<WorkloadTypeFilterInput['include']>[number];

/** What the methods of a policy add to the selector that it was made with. */
export class Selection {
  readonly namespaceSelectors: LabelSelector[] = [];
  readonly workloadSelectors: LabelSelector[] = [];
  readonly allow = new Set<string>();
  readonly deny = new Set<string>();
  readonly include = new Set<WorkloadKind>();
  readonly exclude = new Set<WorkloadKind>();

  /** The selector with all of it. What nothing is added to stays as it was given, even when that is wrong. */
  addedTo(given: unknown): unknown {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
    const { namespaceSelector, workloadSelector, namespaces, workloadTypes } = given as WorkloadSelectionInput;
    return {
      ...given,
      ...entry('namespaceSelector', every(namespaceSelector, this.namespaceSelectors)),
      ...entry('workloadSelector', every(workloadSelector, this.workloadSelectors)),
      ...entry('namespaces', lists(namespaces, { allow: this.allow, deny: this.deny })),
      ...entry('workloadTypes', lists(workloadTypes, { include: this.include, exclude: this.exclude })),
    };
  }
}

function entry(name: string, value: object | undefined): Readonly<Record<string, object>> {
  return value === undefined ? {} : { [name]: value };
}

function lists(
  given: object | undefined,
  added: Readonly<Record<string, ReadonlySet<string>>>,
): Readonly<Record<string, unknown>> | undefined {
  const before = given as Readonly<Record<string, readonly string[] | undefined>> | undefined;
  const changed = Object.entries(added).filter(([, names]) => names.size > 0);
  if (changed.length === 0) return undefined;
  // Only what is added is left out where it is there already: the validator must see what was given twice.
  const longer = changed.map(([list, names]): [string, string[]] => {
    const present = before?.[list] ?? [];
    return [list, [...present, ...[...names].filter((name) => !present.includes(name))]];
  });
  return { ...before, ...Object.fromEntries(longer) };
}

function every(given: LabelSelector | undefined, added: readonly LabelSelector[]): LabelSelector | undefined {
  return added.length === 0 ? undefined : added.reduce(both, given ?? {});
}

/**
 * The selector of what both select. One label cannot have two values in `matchLabels`, so the second becomes an expression: the
 * selector then matches nothing, as is right, and the policy says so in a condition.
 */
export function both(a: LabelSelector, b: LabelSelector): LabelSelector {
  const labels = new Map(Object.entries(a.matchLabels ?? {}));
  const expressions = [...(a.matchExpressions ?? []), ...(b.matchExpressions ?? [])];
  for (const [key, value] of Object.entries(b.matchLabels ?? {})) {
    const present = labels.get(key);
    if (present === undefined) labels.set(key, value);
    else if (present !== value) expressions.push({ key, operator: 'In', values: [value] });
  }
  return {
    ...(labels.size > 0 && { matchLabels: Object.fromEntries(labels) }),
    ...(expressions.length > 0 && { matchExpressions: expressions }),
  };
}
