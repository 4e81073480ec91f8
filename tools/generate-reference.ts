import { rootSchema, type Resource, type Schema } from '../lib/kube/index.js';

/** The page about a resource: every field, as its schema has it. Markdown, yet to be formatted. */
export function referencePage(resource: Resource, links: readonly string[]): string {
  const { group, version, kind, plural, shortNames, scope, description, printerColumns } = resource;
  const { spec, status } = rootSchema(resource).properties ?? {};
  const names = [plural, ...shortNames].map((name) => `\`${name}\``).join(' or ');
  return [
    `<!-- Generated from lib/ by \`npm run generate\`; do not edit. -->`,
    `# ${kind}`,
    `${description} \`apiVersion: ${group}/${version}\`, ${scope.toLowerCase()}; for kubectl ${names}.`,
    'The same is on the cluster: `kubectl explain ' + `${resource.singular}.spec --recursive\`.`,
    ...links,
    ...(spec ? ['## Spec', fields('spec', spec, true)] : []),
    ...(status ? ['## Status', 'Written by the operator.', fields('status', status, false)] : []),
    '## Columns',
    `What \`kubectl get ${shortNames[0] ?? plural}\` prints.`,
    table(
      ['column', 'from'],
      printerColumns.map(({ name, jsonPath }) => [name, code(jsonPath)]),
    ),
    '',
  ].join('\n\n');
}

/** Every field of an object and of the objects in it. */
function fields(path: string, schema: Schema, written: boolean): string {
  const rows: string[][] = [];
  visit(path, schema);
  return table(['field', 'type', ...(written ? ['default'] : []), 'allowed', 'what it says'], rows);

  function visit(at: string, { properties = {}, required = [] }: Schema): void {
    for (const [name, field] of Object.entries(properties)) {
      const here = `${at}.${name}`;
      const standard = required.includes(name)
        ? '**required**'
        : field.default === undefined
          ? ''
          : value(field.default);
      const row = [code(here), typeOf(field), ...(written ? [standard] : []), allowed(field), field.description ?? ''];
      rows.push(row);
      visit(here, field);
      if (field.items?.properties) visit(`${here}[]`, field.items);
    }
  }
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'quantity';
  if (schema.items) return `list of ${typeOf(schema.items)}s`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}s`;
  if (schema.format === 'date-time') return 'time';
  return schema.type ?? '';
}

/** Enums, ranges, lengths, and the messages of rules. */
function allowed(schema: Schema): string {
  const { items, additionalProperties, minimum, maximum, minLength, maxLength, maxItems, maxProperties } = schema;
  const rules = schema['x-kubernetes-validations'] ?? [];
  const inner = items?.properties ? [] : [items, additionalProperties].flatMap((one) => (one ? [allowed(one)] : []));
  return [
    ...(schema.enum ? [schema.enum.map(code).join(', ')] : []),
    range(minimum, maximum, ''),
    // The length of a quantity is nobody's concern.
    schema['x-kubernetes-int-or-string']
      ? ''
      : range((minLength ?? 0) > 1 ? minLength : undefined, maxLength, 'characters'),
    range(undefined, maxItems, 'items'),
    range(undefined, maxProperties, 'entries'),
    schema['x-kubernetes-list-type'] === 'set' ? 'each once' : '',
    ...rules.map(({ message }) => message),
    ...(items?.['x-kubernetes-validations'] ?? []).filter(() => items?.properties).map(({ message }) => message),
    ...inner.map((text) => text && `each: ${text}`),
  ]
    .filter(Boolean)
    .join('; ');
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const of = unit && ` ${unit}`;
  if (least !== undefined && most !== undefined) return `${least} to ${most}${of}`;
  if (least !== undefined) return `at least ${least}${of}`;
  return most === undefined ? '' : `at most ${most}${of}`;
}

function value(json: unknown): string {
  return code(typeof json === 'string' ? json : JSON.stringify(json));
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
