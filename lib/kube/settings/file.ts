import type { Parser } from './parsers.js';
import { type Setting, type SettingsTable, listed, parseSetting, secretAdvice } from './table.js';

/** What may stand in the settings file of a table, as a user writes it; secrets may not. */
export type SettingsContent<Table extends SettingsTable> = {
  readonly [Key in keyof Table as Table[Key] extends { readonly secret: true | 'rotating' } ? never : Key]?: WrittenIn<
    Table[Key]
  >;
};

type WrittenIn<S extends Setting> = S['parser'] extends Parser<unknown, infer Written> ? Written : never;

/**
 * Checks the content of a settings file as the process will that reads it: the same names, the same parsers.
 * @param source what to call the file in errors: its path, or the option it came from
 * @param prefix of the environment variables, in which secrets belong
 * @throws Error naming the first setting that is wrong, its value and what would be right; also what is no setting at all
 */
export function checkSettings(
  table: SettingsTable,
  content: Readonly<Record<string, unknown>>,
  source: string,
  prefix = '',
): void {
  for (const [key, value] of Object.entries(content)) {
    const setting = Object.hasOwn(table, key) ? table[key] : undefined;
    if (!setting) {
      const names = Object.entries(table).flatMap(([name, { secret }]) => (secret ? [] : [name]));
      throw new Error(`${key} in ${source} is no setting; there are ${listed(names)}`);
    }
    if (setting.secret) throw new Error(`${key} in ${source} is a secret: ${secretAdvice(key, prefix)}`);
    if (value !== undefined) parseSetting(setting, `${key} in ${source}`, value);
  }
}
