import { listed, settingNames, type SettingsTable } from '../../lib/kube/index.js';
import { OPERATOR_SETTINGS, SETTINGS_PREFIX } from '../../lib/optipod/index.js';
import { filePath, type FileSource, type ProcessProps } from '../operator/index.js';

type Table = typeof OPERATOR_SETTINGS;

/** Settings that are secrets, or paths of files. */
type FileSetting = {
  [Name in keyof Table]: Table[Name] extends { readonly secret: unknown }
    ? Name
    : Name extends `${string}File`
      ? Name
      : never;
}[keyof Table];

/** Settings of the operator that come from Secrets and ConfigMaps, by their names. */
export type OperatorFiles = Partial<Readonly<Record<FileSetting, FileSource>>>;

/**
 * The files themselves, and how the operator is told of them: of secrets by variables, of others by its settings file.
 * @throws Error for what is no setting of this kind
 */
export function operatorFiles(
  files: OperatorFiles = {},
): Required<Pick<ProcessProps, 'files' | 'env'>> & { readonly settings: Readonly<Record<string, string>> } {
  const table: SettingsTable = OPERATOR_SETTINGS;
  const isFile = (name: string) => name.endsWith('File') || table[name]?.secret !== undefined;
  const env: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const name of Object.keys(files)) {
    if (!(name in table) || !isFile(name)) {
      const all = listed(Object.keys(table).filter(isFile));
      throw new Error(`${name} in operatorFiles is no setting that comes from a file; there are ${all}`);
    }
    if (table[name]?.secret === undefined) settings[name] = filePath(name);
    else env[`${settingNames(name, SETTINGS_PREFIX).env}_FILE`] = filePath(name);
  }
  return { files, env, settings };
}
