/**
 * `npm run generate`: everything under imports/, from the definitions in lib/ alone: the CRD as YAML, the TypeScript types
 * (as written and as defaulted) and the cdk8s bindings; and the field reference under docs/.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { stringify } from 'yaml';
import { OptimizationPolicy } from '../lib/api/optimization-policy.js';
import { WorkloadRecommendation } from '../lib/api/workload-recommendation.js';
import { crd, rootSchema, type Resource, type Schema } from '../lib/kube/index.js';
import { generatedDocs } from './generate-docs.js';
import { jsdoc } from './generate-jsdoc.js';

const root = join(import.meta.dirname, '..');
/** What people write gets cdk8s bindings, too; what only the operator writes does not. */
const resources: readonly { resource: Resource; file: string; bindings: boolean }[] = [
  { resource: OptimizationPolicy, file: 'optimization-policy', bindings: true },
  { resource: WorkloadRecommendation, file: 'workload-recommendation', bindings: false },
];

const BANNER = '// Generated from lib/ by `npm run generate`; do not edit.\n';

const SCALARS = `${BANNER}import type { ObjectMeta } from '../../lib/kube/wire.js';

/** A Kubernetes quantity: a string such as \`500m\` or \`1Gi\`, or an integer. */
export type Quantity = string | number;

/** The metadata that the author of an object writes. */
export type ObjectMetaInput = Partial<Pick<ObjectMeta, 'name' | 'namespace' | 'labels' | 'annotations'>>;
`;

for (const { resource, file } of resources) {
  const definition = crd(resource);
  await write(
    `imports/crds/${definition.metadata.name}.yaml`,
    `# Generated from lib/ by \`npm run generate\`; do not edit.\n${stringify(definition)}`,
  );
  await write(`imports/types/${file}.ts`, await types(resource));
}
await write('imports/types/scalars.ts', SCALARS);
await bindings();
for (const { path, text } of await generatedDocs()) await write(path, text);

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), text);
}

/** Two trees from one schema: with what a user must write, and with everything that defaulting has filled in. */
async function types(resource: Resource): Promise<string> {
  const asWritten = await tree(resource, 'Input', false);
  const asDefaulted = await tree(resource, '', true);
  const text = `${asWritten}\n${asDefaulted}`;
  const scalars = ['ObjectMetaInput', 'Quantity'].filter((name) => new RegExp(String.raw`\b${name}\b`).test(text));
  return (
    `${BANNER}import type { ObjectMeta } from '../../lib/kube/wire.js';\n` +
    `import type { ${scalars.join(', ')} } from './scalars.js';\n\n` +
    `export type { ${scalars.join(', ')} };\n\n${text}`
  );
}

/** Every titled schema becomes one interface, however often it is used; its properties refer to it by name. */
async function tree(resource: Resource, suffix: string, defaulted: boolean): Promise<string> {
  const interfaces: Record<string, JSONSchema> = {};

  function property(schema: Schema): JSONSchema {
    const description = jsdoc(schema);
    const node: JSONSchema = description === undefined ? {} : { description };
    if (schema['x-kubernetes-int-or-string']) return { ...node, tsType: 'Quantity' };
    if (schema.title !== undefined) {
      const name = `${schema.title}${suffix}`;
      interfaces[name] ??= shape({ ...schema, description: '' });
      return { ...node, tsType: name };
    }
    return { ...shape(schema), ...node };
  }

  function shape(schema: Schema): JSONSchema {
    const node: JSONSchema = {};
    if (schema.description) node.description = schema.description;
    if (schema.type !== undefined) node.type = schema.type;
    if (schema.enum !== undefined) node.enum = [...schema.enum];
    if (schema.items !== undefined) node.items = property(schema.items);
    if (schema.additionalProperties !== undefined) node.additionalProperties = property(schema.additionalProperties);
    if (schema.properties === undefined) return node;
    const entries = Object.entries(schema.properties);
    const defaults = defaulted ? entries.filter(([, { default: value }]) => value !== undefined) : [];
    node.required = [...new Set([...(schema.required ?? []), ...defaults.map(([name]) => name)])];
    node.properties = Object.fromEntries(entries.map(([name, value]) => [name, property(value)]));
    return node;
  }

  const root = shape(rootSchema(resource));
  const metadata = { tsType: `ObjectMeta${suffix}` };
  const text = await compile(
    {
      ...root,
      required: [...(root.required as string[]), 'metadata'],
      properties: { ...root.properties, metadata },
      definitions: interfaces,
    },
    `${resource.kind}${suffix}`,
    {
      bannerComment: '',
      additionalProperties: false,
      unreachableDefinitions: true,
      style: { singleQuote: true, printWidth: 120 },
    },
  );
  // The compiler tells where a definition is used in place of a description that is not there.
  return text.replaceAll(/\/\*\*\n \* This interface was referenced by[^/]*\*\/\n/g, '');
}

/** `cdk8s import` works offline from a file; it is run in a folder of its own, for it reads and writes cdk8s.yaml. */
async function bindings(): Promise<void> {
  const folder = await mkdtemp(join(root, '.generate-'));
  try {
    const cdk8s = join(root, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');
    const crds = resources
      .filter((entry) => entry.bindings)
      .map(({ resource }) => join(root, `imports/crds/${crd(resource).metadata.name}.yaml`));
    for (const file of crds) {
      await promisify(execFile)(
        process.execPath,
        [
          cdk8s,
          'import',
          file,
          '--language',
          'typescript',
          '--output',
          join(root, 'imports'),
          '--no-save',
          '--check-upgrade=false',
        ],
        { cwd: folder },
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
