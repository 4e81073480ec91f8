import { readFileSync } from 'node:fs';
import {
  CONFIG_KEY,
  type SecretSource,
  type Settings,
  type SettingsTable,
  checkSettings,
  listed,
  parseSetting,
  parsers,
  secretAdvice,
  settingNames,
} from 'optipod/kube';
import { readSettingsFile } from './settings-file.js';

export interface SettingSources {
  /** An empty variable counts as absent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command line after the program: `--log-level debug`, `--log-level=debug`; a boolean alone means true. */
  readonly argv: readonly string[];
  /** Before every environment variable. @default none */
  readonly prefix?: string;
}

/**
 * Reads settings: defaults, over them the file (YAML or JSON) that the flag `--config` or the variable CONFIG names, over it
 * the environment, over it the flags.
 * @throws Error naming the first setting that is wrong, where it came from, its value (of a secret, not the value), and what
 * would be right; also for flags and file entries that are no settings, and for a file that cannot be read
 */
export function readSettings<const Table extends SettingsTable>(
  table: Table,
  { env, argv, prefix = '' }: SettingSources,
): Settings<Table> {
  if (Object.hasOwn(table, CONFIG_KEY)) throw new TypeError(`a setting cannot be called ${CONFIG_KEY}`);
  const flags = readFlags(table, argv, prefix);
  const config = settingNames(CONFIG_KEY, prefix);
  const file = written(config.flag, flags.get(CONFIG_KEY)) ?? written(config.env, variable(env, config.env));
  const content = file ? readSettingsFile(file.value as string, file.source) : {};
  if (file) checkSettings(table, content, file.value as string, prefix);
  const settings: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(table)) {
    const name = settingNames(key, prefix);
    const found =
      written(name.flag, flags.get(key)) ??
      (setting.secret ? readSecret(name.env, env) : written(name.env, variable(env, name.env))) ??
      written(key, Object.hasOwn(content, key) ? content[key] : undefined) ??
      written(`the default of ${key}`, setting.default);
    const value = found && parseSetting(setting, found.source, found.value);
    settings[key] = setting.secret === 'rotating' && found ? secretSource(name.env, env) : value;
  }
  return settings as Settings<Table>;
}

/** Of a secret that is there. */
function secretSource(name: string, env: SettingSources['env']): SecretSource {
  const file = variable(env, `${name}_FILE`);
  return file === undefined ? { value: variable(env, name) ?? '' } : { file };
}

interface Written {
  readonly source: string;
  readonly value: unknown;
}

function written(source: string, value: unknown): Written | undefined {
  return value === undefined ? undefined : { source, value };
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

/** The flags by their settings' names, `config` among them. */
function readFlags(table: SettingsTable, argv: readonly string[], prefix: string): Map<string, string> {
  const keys = new Map([...Object.keys(table), CONFIG_KEY].map((key) => [settingNames(key).flag, key]));
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const [, flag = argument, given] = /^(--[^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const key = keys.get(flag);
    if (key === undefined) {
      const usable = [...keys].flatMap(([name, of]) => (table[of]?.secret ? [] : [name]));
      throw new Error(`${flag} is no flag; there are ${listed(usable)}`);
    }
    const { secret, parser } = table[key] ?? { parser: { ...parsers.string, expected: 'the path of a settings file' } };
    if (secret) throw new Error(`${flag} is a secret: ${secretAdvice(key, prefix)}, not as a flag`);
    if (given !== undefined) flags.set(key, given);
    else if (parser === parsers.boolean) flags.set(key, 'true');
    else {
      index += 1;
      const value = argv[index];
      if (value === undefined) throw new Error(`${flag} has no value; it must be ${parser.expected}`);
      flags.set(key, value);
    }
  }
  return flags;
}
