import { RESOURCE_FIELDS, RESOURCE_NAMES, ignoredContainers, type ContainerResources } from '../api/index.js';
import { compareQuantities, parseQuantity, type ObjectMeta, type PodSpec } from '../kube/index.js';
import { resizableContainers } from '../pod/index.js';
import { byContainer } from './by-container.js';
import { TEMPLATE_MANAGER, type OwnedResource, type ResourceManager } from './resource-managers.js';

/** An amount that a template says of a container, or is to say. */
export interface TemplateAmount extends OwnedResource {
  /** A quantity. */
  readonly value: string;
}

/** A workload as far as its template is to be written. */
export interface TemplateWorkload {
  readonly metadata: Pick<ObjectMeta, 'annotations'>;
  /** The pod of its template. */
  readonly pod: PodSpec;
  readonly managers: readonly ResourceManager[];
}

/** An amount of the template that becomes another. */
export interface TemplateChange extends OwnedResource {
  /** A quantity; null where the template is to say nothing any more. */
  readonly value: string | null;
  /** Absent where the template says nothing today. */
  readonly from?: string;
}

/** What is to be written to a template. */
export interface TemplatePlan {
  /** All that is said. */
  readonly amounts: readonly TemplateAmount[];
  /** What of it makes another template: with any, pods are replaced. */
  readonly changes: readonly TemplateChange[];
  /** Of the changes, what goes and no apply takes away: what OptiPod let go of, or wrote by a patch. */
  readonly orphans: readonly TemplateChange[];
  /** Whether there is anything to send at all. */
  readonly isNews: boolean;
}

export interface TemplateInput {
  readonly workload: TemplateWorkload;
  readonly updateRequestsOnly: boolean;
  /** What is recommended now, and not held. */
  readonly fresh: ContainerResources;
  /** What the template is to say no more. @default nothing: what is not recommended now stays */
  readonly without?: ContainerResources;
  /** By server-side apply, which says everything of OptiPod's anew, or by a patch of what changes. */
  readonly by: 'apply' | 'patch';
}

/**
 * What a template is to be told. An apply removes what its manager said before and now leaves out: so a resource without a fresh
 * recommendation (held, below the threshold, without data) is said again at its live value as long as it is OptiPod's.
 */
export function templatePlan({
  workload,
  updateRequestsOnly,
  fresh,
  without = new Map(),
  by,
}: TemplateInput): TemplatePlan {
  const live = amountsByField(workload.pod);
  const own = ownedBy(workload, 'Apply');
  const patched = ownedBy(workload, 'Update');
  const others = ownedByOthers(workload);
  const fields = managedFields(workload, updateRequestsOnly);
  const removed = fields.filter((field) => {
    const name = fieldName(field);
    return amountOf(without, field) !== undefined && live.has(name) && (by === 'patch' || !others.has(name));
  });
  const said = fields.flatMap((field): TemplateAmount[] => {
    if (removed.includes(field)) return [];
    const recommended = amountOf(fresh, field);
    const value = recommended === undefined && own.has(fieldName(field)) ? live.get(fieldName(field)) : recommended;
    return value === undefined ? [] : [{ ...field, value }];
  });
  const differing = said.filter((amount) => !isSame(live.get(fieldName(amount)), amount.value));
  const changes = [...differing, ...removed.map((field) => ({ ...field, value: null }))].map(
    (change): TemplateChange => {
      const from = live.get(fieldName(change));
      return { ...change, ...(from === undefined ? {} : { from }) };
    },
  );
  if (by === 'patch') return { amounts: differing, changes, orphans: [], isNews: changes.length > 0 };
  const orphans = changes.filter(
    (change) => change.value === null && (!own.has(fieldName(change)) || patched.has(fieldName(change))),
  );
  const isNews = changes.length > 0 || said.some((amount) => !own.has(fieldName(amount)));
  return { amounts: said, changes, orphans, isNews };
}

/**
 * The fields of a template that OptiPod may say something of: containers and sidecars that the template has and that are not
 * ignored; limits only where they are managed.
 */
export function managedFields(
  { metadata, pod }: Omit<TemplateWorkload, 'managers'>,
  updateRequestsOnly: boolean,
): OwnedResource[] {
  const ignored = ignoredContainers(metadata.annotations);
  return resizableFields(pod).filter(
    ({ container, field }) => !ignored.includes(container) && !(updateRequestsOnly && field === 'limits'),
  );
}

/** All fields that anybody could right-size; ordinary init containers have none. */
export function resizableFields(pod: PodSpec): OwnedResource[] {
  return resizableContainers(pod).flatMap(({ container: { name: container }, place: [, list] }) =>
    RESOURCE_FIELDS.flatMap((field) => RESOURCE_NAMES.map((resource) => ({ container, list, field, resource }))),
  );
}

/**
 * The amounts as a spec that names nothing else: the body of an apply, or of a strategic merge patch, in which null takes an
 * amount away.
 */
export function templateSpec(amounts: readonly (OwnedResource & { readonly value: string | null })[]): object {
  const list = (name: OwnedResource['list']) => {
    const containers = byContainer(amounts.filter((amount) => amount.list === name));
    return Array.from(containers, ([container, resources]) => ({ name: container, resources }));
  };
  const [containers, initContainers] = [list('containers'), list('initContainers')];
  return {
    template: {
      spec: {
        ...(containers.length > 0 ? { containers } : {}),
        ...(initContainers.length > 0 ? { initContainers } : {}),
      },
    },
  };
}

/** What is said of a field. */
export function amountOf(
  containers: ContainerResources,
  { container, field, resource }: Omit<OwnedResource, 'list'>,
): string | undefined {
  const amount = containers.get(container)?.[field]?.[resource];
  return amount === undefined ? undefined : String(amount);
}

/** What a template says, by `fieldName`. */
export function amountsByField(pod: PodSpec): ReadonlyMap<string, string> {
  const amounts = new Map<string, string>();
  for (const list of ['containers', 'initContainers'] as const) {
    for (const { name: container, resources } of pod[list] ?? []) {
      for (const field of RESOURCE_FIELDS) {
        for (const resource of RESOURCE_NAMES) {
          const value = resources?.[field]?.[resource];
          if (value !== undefined) amounts.set(fieldName({ container, list, field, resource }), String(value));
        }
      }
    }
  }
  return amounts;
}

/** Which fields OptiPod's manager said last, by `fieldName`. @param operation @default by apply or update */
export function ownedBy({ managers }: Pick<TemplateWorkload, 'managers'>, operation?: string): ReadonlySet<string> {
  const own = managers.filter(
    (one) => one.manager === TEMPLATE_MANAGER && (operation === undefined || one.operation === operation),
  );
  return new Set(own.flatMap(({ fields }) => fields.map(fieldName)));
}

/** Which fields somebody else says, by `fieldName`. */
function ownedByOthers({ managers }: Pick<TemplateWorkload, 'managers'>): ReadonlySet<string> {
  const others = managers.filter(({ manager }) => manager !== TEMPLATE_MANAGER);
  return new Set(others.flatMap(({ fields }) => fields.map(fieldName)));
}

/** `containers[web].requests.cpu`: as messages name it, and as maps are keyed. */
export function fieldName({ list, container, field, resource }: OwnedResource): string {
  return `${list}[${container}].${field}.${resource}`;
}

/** Whether two quantities are the same amount, however they are written. */
export function isSame(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  return left && right ? compareQuantities(left, right) === 0 : a === b;
}
