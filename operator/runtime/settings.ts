import { readFileSync } from 'node:fs';
import { type Parser, boolean } from './setting-parsers.js';

/** One setting of a process. */
export interface Setting<T> {
  readonly parser: Parser<T>;
  /** For the documentation: what it does, its unit, what is traded off. */
  readonly description: string;
  /** As a user would write it (`5m`). Without one the setting may be absent. */
  readonly default?: string;
  /** Comes from its environment variable or from the file that `<NAME>_FILE` names, from nowhere else. */
  readonly secret?: true;
}

export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

/** What a table of settings reads: the parsers' types, with undefined where there is no default. */
export type Settings<Table extends SettingsTable> = {
  readonly [Key in keyof Table]: Table[Key] extends { readonly parser: Parser<infer T> }
    ? Table[Key] extends { readonly default: string }
      ? T
      : T | undefined
    : never;
};

export interface SettingSources {
  /** An empty variable counts as absent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command line after the program: `--log-level debug`, `--log-level=debug`; a boolean alone means true. */
  readonly argv: readonly string[];
  /** The parsed settings file: setting names (`logLevel`) with strings, numbers and booleans. */
  readonly file?: Readonly<Record<string, unknown>>;
  /** Before every environment variable. @default none */
  readonly prefix?: string;
}

/** How a setting is spelled outside: `logLevel` is `--log-level` and `LOG_LEVEL`, after the prefix. */
export function settingNames(key: string, prefix = ''): { readonly flag: string; readonly env: string } {
  const words = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { flag: `--${words}`, env: `${prefix}${words.replaceAll('-', '_').toUpperCase()}` };
}

/**
 * Reads settings: defaults, over them the file, over it the environment, over it the flags.
 * @throws Error naming the first setting that is wrong, where it came from, its value (of a secret, not the value), and what
 * would be right; also for flags and file entries that are no settings
 */
export function readSettings<const Table extends SettingsTable>(
  table: Table,
  sources: SettingSources,
): Settings<Table> {
  const { env, argv, file = {}, prefix = '' } = sources;
  const flags = readFlags(table, argv, prefix);
  for (const key of Object.keys(file)) {
    if (!Object.hasOwn(table, key))
      throw new Error(`${key} in the settings file is no setting; there are ${listed(Object.keys(table))}`);
    if (table[key]?.secret)
      throw new Error(`${key} is a secret: ${secretAdvice(key, prefix)}, not in the settings file`);
  }
  const settings: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(table)) {
    const name = settingNames(key, prefix);
    const found =
      written(name.flag, flags.get(key)) ??
      (setting.secret ? readSecret(name.env, env) : written(name.env, variable(env, name.env))) ??
      written(`${key} in the settings file`, Object.hasOwn(file, key) ? file[key] : undefined) ??
      written(`the default of ${key}`, setting.default);
    settings[key] = found && parse(setting, found);
  }
  return settings as Settings<Table>;
}

interface Written {
  readonly source: string;
  readonly value: unknown;
}

function written(source: string, value: unknown): Written | undefined {
  return value === undefined ? undefined : { source, value };
}

function parse({ parser, secret }: Setting<unknown>, { source, value }: Written): unknown {
  const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const parsed = scalar ? parser.parse(String(value)) : undefined;
  if (parsed !== undefined) return parsed;
  throw new Error(`${source} is ${secret ? 'wrong' : JSON.stringify(value)}; it must be ${parser.expected}`);
}

function readSecret(name: string, env: SettingSources['env']): Written | undefined {
  const path = variable(env, `${name}_FILE`);
  if (path === undefined) return written(name, variable(env, name));
  if (variable(env, name) !== undefined) throw new Error(`${name} and ${name}_FILE are both set; set one of them`);
  try {
    // Editors and `echo` end a file with a newline, which belongs to no secret.
    return written(`${name}_FILE`, readFileSync(path, 'utf8').replace(/\r?\n$/, ''));
  } catch (error) {
    throw new Error(`${name}_FILE is ${JSON.stringify(path)}; it must be a file that can be read`, { cause: error });
  }
}

/** Manifests write an empty value for what is not set. */
function variable(env: SettingSources['env'], name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

function readFlags(table: SettingsTable, argv: readonly string[], prefix: string): Map<string, string> {
  const keys = new Map(Object.keys(table).map((key) => [settingNames(key).flag, key]));
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const [, flag = argument, given] = /^(--[^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const key = keys.get(flag);
    const setting = key === undefined ? undefined : table[key];
    if (key === undefined || !setting) {
      const usable = [...keys].flatMap(([name, of]) => (table[of]?.secret ? [] : [name]));
      throw new Error(`${flag} is no flag; there are ${listed(usable)}`);
    }
    if (setting.secret) throw new Error(`${flag} is a secret: ${secretAdvice(key, prefix)}, not as a flag`);
    if (given !== undefined) flags.set(key, given);
    else if (setting.parser === boolean) flags.set(key, 'true');
    else {
      index += 1;
      const value = argv[index];
      if (value === undefined) throw new Error(`${flag} has no value; it must be ${setting.parser.expected}`);
      flags.set(key, value);
    }
  }
  return flags;
}

function secretAdvice(key: string, prefix: string): string {
  const { env } = settingNames(key, prefix);
  return `give it in ${env} or, as a file, in ${env}_FILE`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : [...names].sort().join(', ');
}
