import type { Resource } from './resource.js';
import type { Schema } from './schema.js';

/** A CustomResourceDefinition manifest. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly served: true;
      readonly storage: true;
      readonly schema: { readonly openAPIV3Schema: Schema };
      readonly subresources?: { readonly status: Record<string, never> };
      readonly additionalPrinterColumns?: Resource['printerColumns'];
    }[];
  };
}

/** The CustomResourceDefinition of a resource, as kube-apiserver takes it. */
export function crd(resource: Resource): CustomResourceDefinition {
  const { group, version, kind, plural, singular, scope, shortNames, categories, printerColumns } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames.length > 0 ? { shortNames } : {}),
        ...(categories.length > 0 ? { categories } : {}),
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: withoutTitles(rootSchema(resource)) },
          ...(resource.statusSubresource ? { subresources: { status: {} } } : {}),
          ...(printerColumns.length > 0 ? { additionalPrinterColumns: printerColumns } : {}),
        },
      ],
    },
  };
}

/** The whole object's schema, titles included: what types are generated from. */
export function rootSchema(resource: Resource): Schema {
  return {
    title: resource.kind,
    type: 'object',
    description: resource.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'The API group and version of this object.' },
      kind: { type: 'string', description: 'The kind of this object.' },
      metadata: { type: 'object' },
      spec: resource.spec,
      ...(resource.status ? { status: resource.status } : {}),
    },
  };
}

/** Titles name TypeScript interfaces; `kubectl explain` has no use for them. */
function withoutTitles(schema: Schema): Schema {
  const { title, ...rest } = schema;
  return {
    ...rest,
    ...(schema.items ? { items: withoutTitles(schema.items) } : {}),
    ...(schema.additionalProperties ? { additionalProperties: withoutTitles(schema.additionalProperties) } : {}),
    ...(schema.properties
      ? {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([name, property]) => [name, withoutTitles(property)]),
          ),
        }
      : {}),
  };
}
