import type { Parser } from './parsers.js';

/** One setting of a process. */
export interface Setting<T = unknown> {
  readonly parser: Parser<T, unknown>;
  /** For the documentation: what it does, its unit, what is traded off. */
  readonly description: string;
  /** As a user would write it (`5m`). Without one the setting may be absent. */
  readonly default?: string;
  /**
   * Comes from its environment variable or from the file that `<NAME>_FILE` names, from nowhere else. A rotating one is read
   * again when that file changes: its value is a `SecretSource`.
   */
  readonly secret?: true | 'rotating';
}

/** A secret, or the path of the file that has it, which may be replaced at any time. */
export type SecretSource = { readonly value: string } | { readonly file: string };

/** Everything that can be set, by name. `config` is no name of a setting: it is where the settings file is. */
export type SettingsTable = Readonly<Record<string, Setting>>;

/** What a table of settings reads: the parsers' types, with undefined where there is no default. */
export type Settings<Table extends SettingsTable> = {
  readonly [Key in keyof Table]: Table[Key] extends { readonly secret: 'rotating' }
    ? SecretSource | undefined
    : Table[Key] extends { readonly parser: Parser<infer T, unknown> }
      ? Table[Key] extends { readonly default: string }
        ? T
        : T | undefined
      : never;
};

/** Spellings of a setting's name outside: `logLevel` is `--log-level` and `LOG_LEVEL`, after the prefix. */
export function settingNames(key: string, prefix = ''): { readonly flag: string; readonly env: string } {
  const words = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { flag: `--${words}`, env: `${prefix}${words.replaceAll('-', '_').toUpperCase()}` };
}

/** How the settings file itself is named. */
export const CONFIG_KEY = 'config';

/**
 * A setting's value as it was written somewhere: a string, a number or a boolean.
 * @param source where, for the error: `--log-level`
 * @throws Error naming the source, the value (of a secret, not the value) and what would be right
 */
export function parseSetting({ parser, secret }: Setting, source: string, value: unknown): unknown {
  const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const parsed = scalar ? parser.parse(String(value)) : undefined;
  if (parsed !== undefined) return parsed;
  const shown = typeof value === 'string' && parser.shown ? parser.shown(value) : value;
  throw new Error(`${source} is ${secret ? 'wrong' : JSON.stringify(shown)}; it must be ${parser.expected}`);
}

/** Where a secret is to come from. */
export function secretAdvice(key: string, prefix = ''): string {
  const { env } = settingNames(key, prefix);
  return `give it in ${env} or, as a file, in ${env}_FILE`;
}

/** For an error. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : [...names].sort().join(', ');
}
