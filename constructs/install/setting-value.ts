import { parseSetting, type SettingsTable } from '../../lib/kube/index.js';

/**
 * The value that a process will have of a setting which has a default.
 * @param option of the installation that the settings are in
 * @throws Error for a value that is wrong
 */
export function settingValue(
  table: SettingsTable,
  name: string,
  option: string,
  given: Readonly<Record<string, unknown>> = {},
): unknown {
  const setting = table[name];
  if (!setting) throw new TypeError(`${name} is no setting`);
  return parseSetting(setting, `${name} in ${option}`, given[name] ?? setting.default);
}
