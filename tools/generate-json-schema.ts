import { QUANTITY_PATTERN, rootSchema, type Resource, type Schema } from '../lib/kube/index.js';

/** A node of a JSON Schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What an editor completes and checks manifests with. It knows what a schema can say (fields, types, enums, ranges, patterns); what
 * only a rule can say (min <= max) is left to `optipod validate` and kube-apiserver.
 */
export function editorSchema(resource: Resource): JsonSchema {
  const { group, version, kind } = resource;
  const root = rootSchema(resource);
  const { spec, status } = root.properties ?? {};
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: kind,
    description: root.description,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    additionalProperties: false,
    properties: {
      apiVersion: { type: 'string', const: `${group}/${version}` },
      kind: { type: 'string', const: kind },
      metadata: METADATA,
      ...(spec ? { spec: node(spec) } : {}),
      ...(status ? { status: node(status) } : {}),
    },
  };
}

const STRINGS = { type: 'object', additionalProperties: { type: 'string' } };

/** Open, for it is Kubernetes' own and grows. */
const METADATA: JsonSchema = {
  type: 'object',
  description: 'Standard metadata of an object.',
  properties: {
    name: { type: 'string', description: 'Unique among the objects of its kind and namespace.', maxLength: 253 },
    namespace: { type: 'string', description: 'The namespace of the object.', maxLength: 63 },
    labels: { ...STRINGS, description: 'Labels, for selectors.' },
    annotations: { ...STRINGS, description: 'Annotations, for tools.' },
  },
};

const COPIED = [
  'description',
  'type',
  'default',
  'enum',
  'required',
  'minItems',
  'maxItems',
  'maxProperties',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
] as const satisfies readonly (keyof Schema)[];

function node(schema: Schema): JsonSchema {
  const copied = Object.fromEntries(COPIED.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]]])));
  const pattern = patternIn(schema);
  if (schema['x-kubernetes-int-or-string']) {
    const { maxLength, ...rest } = copied;
    return { ...rest, anyOf: [{ type: 'integer' }, { type: 'string', maxLength, ...(pattern && { pattern }) }] };
  }
  return {
    ...copied,
    ...(pattern && { pattern }),
    ...(schema['x-kubernetes-list-type'] === 'set' ? { uniqueItems: true } : {}),
    ...(schema.items ? { items: node(schema.items) } : {}),
    ...(schema.additionalProperties ? { additionalProperties: node(schema.additionalProperties) } : {}),
    ...(schema.properties
      ? {
          additionalProperties: false,
          properties: Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, node(one)])),
        }
      : {}),
  };
}

/** Patterns are parts of rules, for the sake of better messages: an editor evaluates no rules, and has messages of its own. */
function patternIn({ 'x-kubernetes-validations': rules = [] }: Schema): string | undefined {
  for (const { rule } of rules) {
    if (/(^|&& )isQuantity\(string\(self\)\) && /.test(rule)) return QUANTITY_PATTERN;
    const [, literal] = /^self\.matches\(("(?:[^"\\]|\\.)*")\) && /.exec(rule) ?? [];
    if (literal !== undefined) return JSON.parse(literal) as string;
  }
  return undefined;
}
