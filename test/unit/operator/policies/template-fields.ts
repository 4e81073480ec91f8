import type { PodSpec, Status } from 'optipod/kube';
import {
  amountsByField,
  fieldName,
  resizableFields,
  resourceManagers,
  templateSpec,
  type OwnedResource,
  type ResourceManager,
} from 'optipod/lib/apply';
import { ApiError } from '../../../../operator/runtime/index.js';
import type { Tree } from '../../../documents/tree.js';
import { managedFieldsOf } from '../../lib/managed-fields.js';

type Operation = 'Apply' | 'Update';

/** A manager of fields, and how it speaks. */
export type Speaker = readonly [manager: string, operation: Operation];

interface Entry {
  readonly by: Speaker;
  readonly fields: Map<string, OwnedResource>;
}

type Containers = readonly { readonly name: string; readonly resources?: Amounts }[];
type Amounts = Readonly<Partial<Record<'requests' | 'limits', Readonly<Record<string, unknown>>>>>;

/** The resources of one template, and who said them, as kube-apiserver keeps both. */
export class TemplateFields {
  #entries: Entry[] = [];
  #pod: PodSpec;

  constructor(pod: PodSpec) {
    this.#pod = pod;
  }

  get pod(): PodSpec {
    return this.#pod;
  }

  get managers(): ResourceManager[] {
    const all = this.#entries.flatMap(({ by, fields }) => managedFieldsOf([...fields.values()], ...by));
    return resourceManagers(all);
  }

  /**
   * What an apply leaves out goes, if nobody else says it; null goes; whoever changes a field has it.
   * @throws ApiError with 409 where an apply without force would change what others say
   */
  write(by: Speaker, containers: Containers, force = true): void {
    const live = new Map(amountsByField(this.#pod));
    const said = this.#saidIn(containers);
    const own = this.#entryOf(by);
    const isApply = by[1] === 'Apply';
    const changed = said.filter(({ name, value }) => value !== live.get(name));
    const taken = changed.flatMap(({ name }) =>
      this.#entries.filter((entry) => entry !== own && entry.fields.has(name)).map((entry) => ({ entry, name })),
    );
    if (isApply && !force && taken.length > 0) throw conflict(taken.map(({ name }) => name));
    for (const { entry, name } of taken) entry.fields.delete(name);
    const leftOut = isApply ? [...own.fields.keys()].filter((name) => !said.some((one) => one.name === name)) : [];
    for (const name of leftOut) {
      own.fields.delete(name);
      if (!this.#entries.some(({ fields }) => fields.has(name))) live.delete(name);
    }
    for (const { name, field, value } of said) {
      if (value === null) {
        live.delete(name);
        for (const { fields } of this.#entries) fields.delete(name);
      } else if (isApply || value !== live.get(name)) {
        live.set(name, value);
        own.fields.set(name, field);
      }
    }
    this.#store(live);
  }

  /** A JSON patch of managedFields. */
  release(patch: readonly { readonly op: string; readonly path: string; readonly value?: unknown }[]): void {
    for (const { op, path, value } of patch) {
      const place = Number(/^\/metadata\/managedFields\/(\d+)/.exec(path)?.[1] ?? Number.NaN);
      const entry = this.#entries[place];
      if (!entry) continue;
      if (op === 'remove') {
        this.#entries.splice(place, 1);
        continue;
      }
      const [manager, operation] = entry.by;
      const [kept] = resourceManagers([
        { manager, operation, fieldsV1: value as Tree, apiVersion: '', fieldsType: '' },
      ]);
      this.#entries[place] = { ...entry, fields: new Map((kept?.fields ?? []).map((one) => [fieldName(one), one])) };
    }
  }

  #saidIn(containers: Containers) {
    return resizableFields(this.#pod).flatMap((field) => {
      const resources = containers.find(({ name }) => name === field.container)?.resources;
      const value = resources?.[field.field]?.[field.resource] as string | null | undefined;
      return value === undefined ? [] : [{ field, name: fieldName(field), value }];
    });
  }

  #entryOf([manager, operation]: Speaker): Entry {
    const found = this.#entries.find(({ by }) => by[0] === manager && by[1] === operation);
    const entry = found ?? { by: [manager, operation], fields: new Map() };
    if (!found) this.#entries.push(entry);
    return entry;
  }

  #store(live: ReadonlyMap<string, string>): void {
    this.#entries = this.#entries.filter(({ fields }) => fields.size > 0);
    const amounts = resizableFields(this.#pod).flatMap((field) => {
      const value = live.get(fieldName(field));
      return value === undefined ? [] : [{ ...field, value }];
    });
    const { containers = [] } = (templateSpec(amounts) as { template: { spec: Partial<PodSpec> } }).template.spec;
    const resourcesOf = (name: string) => containers.find((one) => one.name === name)?.resources ?? {};
    this.#pod = {
      ...this.#pod,
      containers: this.#pod.containers.map((one) => ({ ...one, resources: resourcesOf(one.name) })),
    };
  }
}

function conflict(names: readonly string[]): ApiError {
  const causes = names.map((field) => ({ reason: 'FieldManagerConflict', message: 'conflict with "another"', field }));
  const status: Status = {
    kind: 'Status',
    code: 409,
    reason: 'Conflict',
    message: 'conflict',
    details: { causes },
  };
  return new ApiError('write', 409, status);
}
