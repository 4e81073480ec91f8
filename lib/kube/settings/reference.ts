import { CONFIG_KEY, type Setting, type SettingsTable, settingNames } from './table.js';

/** A table of settings as a table of Markdown: every name, default, what is allowed, and what it does. */
export function settingsReference(table: SettingsTable, prefix = ''): string {
  const rows = Object.entries(table).map(([key, setting]) => row(key, setting, prefix));
  const header = ['in the file', 'environment', 'flag', 'default', 'allowed', 'what it does'];
  return [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** A table of settings as a command's help: a line for each with flag, variable, what it does, what is allowed and the default. */
export function settingsHelp(table: SettingsTable): string {
  const config = settingNames(CONFIG_KEY);
  const lines = Object.entries(table).map(([key, { parser, description, default: standard, secret }]) => {
    const { flag, env } = settingNames(key);
    const fallback = standard === undefined ? '' : ` (${standard})`;
    return [secret ? '' : flag, env, `${description} Allowed: ${parser.expected}.${fallback}`];
  });
  const all = [...lines, [config.flag, config.env, 'The path of a settings file, YAML or JSON.']];
  const widths = [0, 1].map((column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  return all.map((cells) => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`).join('\n');
}

function row(key: string, { parser, description, default: standard, secret }: Setting, prefix: string): string[] {
  const { flag, env } = settingNames(key, prefix);
  const allowed = parser.expected;
  const fallback = standard === undefined ? '' : code(standard);
  // A secret shows in neither a process list nor a ConfigMap.
  if (secret) return ['', `${code(env)}, or a file by ${code(`${env}_FILE`)}`, '', fallback, allowed, description];
  return [code(key), code(env), code(flag), fallback, allowed, description];
}

function code(text: string): string {
  return `\`${text}\``;
}
