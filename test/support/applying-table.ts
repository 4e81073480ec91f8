import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The columns of the table, of which the first six are fields of a policy. */
export const FIELDS = [
  'mode',
  'strategy',
  'rolloutStrategy',
  'allowInPlaceResize',
  'allowRecreate',
  'useServerSideApply',
] as const;
const EFFECTS = ['annotations', 'template', 'running pods', 'a pod that cannot be resized'] as const;

/** One row of the table of docs/reference/applying.md, as it is written there. */
export type Row = Readonly<Record<(typeof FIELDS)[number] | (typeof EFFECTS)[number], string>>;

/** The table, row by row. @throws Error where its columns are others */
export function applyingTable(): Row[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/applying.md'), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('|'));
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const columns = [...FIELDS, ...EFFECTS];
  if (head.join() !== columns.join()) throw new Error(`the table has the columns ${head.join(', ')}`);
  return rows.map((cells) => Object.fromEntries(columns.map((column, i) => [column, cells[i]])) as Row);
}
