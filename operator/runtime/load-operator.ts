import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OperatorDefinition } from 'optipod/kube';
import { messageOf } from './errors.js';

/** As of a program that was called in a way that it does not know. */
const USAGE_ERROR = 2;

/**
 * The operator that a command was told to run: `COMMAND FILE [flags]`. Where there is none, the process ends with a line on
 * stderr that says why, and exit code 2.
 */
export async function loadOperator(
  command: string,
  [file, ...argv]: readonly string[],
): Promise<{ readonly definition: OperatorDefinition; readonly argv: readonly string[] }> {
  if (file === undefined || file.startsWith('-')) {
    return refuse(`usage: ${command} FILE [flags]: FILE is a module whose default export is an operator`);
  }
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    return refuse(`${file} cannot be loaded: ${messageOf(error)}`);
  }
  const advice = 'write: export default defineOperator({ … })';
  if (exported === undefined) return refuse(`${file} has no default export; ${advice}`);
  if (!isOperator(exported))
    return refuse(`the default export of ${file} is not what defineOperator returns; ${advice}`);
  return { definition: exported, argv };
}

function isOperator(value: unknown): value is OperatorDefinition {
  return typeof value === 'object' && value !== null && 'controllers' in value && 'admission' in value;
}

function refuse(message: string): never {
  console.error(message);
  process.exit(USAGE_ERROR);
}
