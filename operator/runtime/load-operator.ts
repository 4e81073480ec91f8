import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type OperatorDefinition, type SettingsTable, settingsHelp } from 'optipod/kube';
import { messageOf } from './errors.js';

/** What Node.js before 22.18 is given uncompiled by mistake. */
const TYPESCRIPT = /\.[cm]?tsx?$/;

/** As of a program that was called in a way that it does not know. */
const USAGE_ERROR = 2;

/**
 * The operator that a command was told to run: `COMMAND FILE [flags]`. Where there is none, the process ends with a line on
 * stderr that says why, and exit code 2. `--help` tells of the flags, from the table of settings that the command reads.
 */
export async function loadOperator(
  command: string,
  args: readonly string[],
  settings: SettingsTable,
): Promise<{ readonly definition: OperatorDefinition; readonly argv: readonly string[] }> {
  const usage = `usage: ${command} FILE [flags]: FILE is a module whose default export is an operator`;
  if (args.some((argument) => argument === '--help' || argument === '-h')) {
    console.log(`${usage}\n\n${settingsHelp(settings)}`);
    process.exit(0);
  }
  const [file, ...argv] = args;
  if (file === undefined || file.startsWith('-')) return refuse(usage);
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    return refuse(whyNotLoaded(file, error));
  }
  const advice = 'write: export default defineOperator({ … })';
  if (exported === undefined) return refuse(`${file} has no default export; ${advice}`);
  if (!isOperator(exported))
    return refuse(`the default export of ${file} is not what defineOperator returns; ${advice}`);
  return { definition: exported, argv };
}

/** One line: why a module was not loaded and, where that is clear, what to do. */
export function whyNotLoaded(file: string, error: unknown): string {
  const isUnknown = error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
  if (isUnknown && TYPESCRIPT.test(file))
    return `${file} is TypeScript; compile it (npx tsc) and give the .js file that comes of it`;
  return `${file} cannot be loaded: ${messageOf(error)}`;
}

function isOperator(value: unknown): value is OperatorDefinition {
  return typeof value === 'object' && value !== null && 'controllers' in value && 'admission' in value;
}

function refuse(message: string): never {
  console.error(message);
  process.exit(USAGE_ERROR);
}
