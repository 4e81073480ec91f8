import type { Colors } from 'picocolors/types.js';
import type { Finding } from './finding.js';

/** Lines longer than this are shown around the caret only. */
const WIDTH = 100;

/** `file:line:column: path: message`, the line, and a caret under what is wrong. */
export function formatFinding({ file, line, column, path, message, text }: Finding, colors: Colors): string {
  const margin = String(line).length;
  const { shown, caret } = excerpt(Array.from(text), column - 1);
  const what = path === '' ? message : `${path}: ${message}`;
  return [
    `${colors.bold(`${printable(file)}:${line}:${column}:`)} ${colors.red(printable(what))}`,
    `  ${colors.dim(`${line} |`)} ${printable(shown)}`,
    `  ${' '.repeat(margin)} ${colors.dim('|')} ${caret}${colors.red('^')}`,
    '',
  ].join('\n');
}

/** What was looked at. Objects are counted in files that can hold a policy; other files are not read to the end. */
export interface Seen {
  readonly policies: number;
  readonly others: number;
  readonly files: number;
}

/** One line that says how it went. */
export function summary({ policies, others, files }: Seen, findings: readonly Finding[]): string {
  const beside = others === 0 ? '' : ` and ${count(others, 'other object')}`;
  const seen = `${count(policies, 'policy', 'policies')}${beside} in ${count(files, 'file')}`;
  if (findings.length === 0) return `${seen}: nothing to complain about`;
  return `${seen}: ${count(findings.length, 'finding')} in ${count(new Set(findings.map(({ file }) => file)).size, 'file')}`;
}

/** For programs. */
export function toJson(findings: readonly Finding[]): string {
  const shown = findings.map(({ file, line, column, kind, name, path, value, message }) => {
    return { file, line, column, kind, name, path, value, message };
  });
  return `${JSON.stringify(shown, null, 2)}\n`;
}

/** Manifests come from anybody: none may move the cursor of whoever reads about it. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t]/gu, '\u{FFFD}');
}

function excerpt(line: readonly string[], at: number): { shown: string; caret: string } {
  const from = line.length <= WIDTH ? 0 : Math.max(0, Math.min(at - WIDTH / 2, line.length - WIDTH));
  const cut = from > 0 ? '…' : '';
  const rest = from + WIDTH < line.length ? '…' : '';
  // A tab is as wide as the tab above it.
  const blank = line.slice(from, at).map((char) => (char === '\t' ? char : ' '));
  return {
    shown: `${cut}${line.slice(from, from + WIDTH).join('')}${rest}`,
    caret: `${cut && ' '}${blank.join('')}`,
  };
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
