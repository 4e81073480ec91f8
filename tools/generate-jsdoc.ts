import type { Json, Schema } from '../lib/kube/index.js';

/** How descriptions end where there is a default, for kubectl explain has nothing else to say it with. */
const DEFAULT = /\s*Default: (.+)\.$/;

/**
 * The description of a field for the generated types, with its default as a tag instead of a sentence. What is a default without
 * being one in the schema, because somebody else decides it, gets a dash, as cdk8s has it. Undefined where there is nothing to say.
 */
export function jsdoc({ description = '', default: standard }: Schema): string | undefined {
  const prose = description.replace(DEFAULT, '');
  const said = DEFAULT.exec(description)?.[1];
  const value = standard === undefined ? said && `- ${said}` : literal(standard);
  const text = [prose, value && `@default ${value}`].filter(Boolean).join('\n');
  return text === '' ? undefined : text;
}

function literal(value: Json): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
