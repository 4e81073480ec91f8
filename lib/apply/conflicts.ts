import type { Status } from '../kube/index.js';
import { TEMPLATE_MANAGER } from './resource-managers.js';
import { fieldName, type TemplatePlan, type TemplateWorkload } from './template.js';

/** A field that an apply would take over, as kube-apiserver names it. */
export interface FieldConflict {
  readonly manager: string;
  /** `.spec.template.spec.containers[name="web"].resources.requests.cpu` */
  readonly field: string;
}

/**
 * Why an apply was refused that was not to take anything over.
 * @returns undefined where that is not why: another 409 says that the object changed
 */
export function conflictsIn({ details }: Status): FieldConflict[] | undefined {
  const causes = (details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict');
  if (causes.length === 0) return undefined;
  return causes
    .map(({ message = '', field = '' }) => ({ manager: /^conflict with "(.*?)"/.exec(message)?.[1] ?? '', field }))
    .filter(({ manager }) => manager !== TEMPLATE_MANAGER);
}

/** What a patch takes over without asking: the same, from memory. */
export function takenOver(
  { managers }: Pick<TemplateWorkload, 'managers'>,
  { changes }: Pick<TemplatePlan, 'changes'>,
): FieldConflict[] {
  const taken = new Set(changes.map(fieldName));
  return managers
    .filter(({ manager }) => manager !== TEMPLATE_MANAGER)
    .flatMap(({ manager, fields }) =>
      fields
        .filter((field) => taken.has(fieldName(field)))
        .map(({ list, container, field, resource }) => ({
          manager,
          field: `.spec.template.spec.${list}[name="${container}"].resources.${field}.${resource}`,
        })),
    );
}

/** `requests.cpu of web from kubectl` and so on, for a person. */
export function describeConflicts(conflicts: readonly FieldConflict[]): string {
  const fields = new Map<string, string[]>();
  for (const { manager, field } of conflicts) {
    const [, container = '', rest = ''] = /\[name="(.*?)"\]\.resources\.(.*)$/.exec(field) ?? [];
    const said = rest === '' ? field : `${rest} of ${container}`;
    fields.set(manager, [...(fields.get(manager) ?? []), said]);
  }
  return [...fields].map(([manager, said]) => `${said.join(', ')} from ${manager}`).join('; ');
}
