/** metav1.LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** Whether labels satisfy a selector, as Kubernetes decides it: everything is AND-ed, an empty selector matches all. */
export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  return (
    wanted.every(([key, value]) => own(labels, key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => satisfies(requirement, labels))
  );
}

function satisfies({ key, ...wanted }: LabelSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  return meets(own(labels, key), wanted);
}

/** Whether a value, or that there is none, is what a selector wants. NotIn holds for none too, as in Kubernetes. */
export function meets(
  value: string | undefined,
  { operator, values = [] }: Pick<LabelSelectorRequirement, 'operator' | 'values'>,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function own(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
