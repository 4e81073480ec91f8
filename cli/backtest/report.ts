import { stringify } from 'yaml';
import type { EstimatorReport, Report } from './backtest.js';
import type { Score } from './score.js';

/** For programs, exactly as documented. */
export function toJson(report: Report): string {
  return `${JSON.stringify(documented(report), null, 2)}\n`;
}

export function toYaml(report: Report): string {
  return stringify(documented(report));
}

/** What programs read: of the fleet; null is a figure that there is none of. */
function documented({ estimators }: Report): object {
  const shown = estimators.map(({ name, fleet: { cpu, memory, changes } }) => ({
    name,
    cpu: { slack: cpu.slack ?? null, above: cpu.above ?? null },
    memory: { slack: memory.slack ?? null, above: memory.above ?? null, crossings: memory.crossings ?? null },
    changes: changes ?? null,
  }));
  return { estimators: shown };
}

/** A line for each estimator and workload, the fleet's with an empty workload. Figures are not rounded. */
export function toCsv({ estimators }: Report): string {
  const header = 'workload,estimator,cpu_slack,cpu_above,memory_slack,memory_above,memory_crossings,changes';
  const lines = estimators.flatMap((estimator) =>
    [['', estimator.fleet] as const, ...estimator.workloads].map(([workload, score]) =>
      [workload, estimator.name, ...figuresOf(score).map((figure) => figure ?? '')].map(csvField).join(','),
    ),
  );
  return `${[header, ...lines].join('\n')}\n`;
}

/** Tables of the fleet and, where it is more than one workload, of each of them. */
export function toMarkdown(report: Report): string {
  const sections = sectionsOf(report).map(({ title, rows }) => {
    const [header = [], ...body] = rows;
    const lines = [header, ['---', ...header.slice(1).map(() => '---:')], ...body];
    return [`## ${title}`, '', ...lines.map((cells) => `| ${cells.map(markdownCell).join(' | ')} |`), ''].join('\n');
  });
  return sections.join('\n');
}

/** For people at a terminal: each workload, and the fleet last, where it is seen. */
export function toTable(report: Report): string {
  const [fleet, ...workloads] = sectionsOf(report);
  const sections = [...workloads, ...(fleet ? [fleet] : [])].map(({ title, rows }) => {
    const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
    const lines = rows.map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    );
    return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
  });
  return sections.join('\n');
}

interface Section {
  readonly title: string;
  /** The first one is the header. */
  readonly rows: readonly (readonly string[])[];
}

const HEADER = ['estimator', 'CPU slack', 'CPU above', 'memory slack', 'memory above', 'crossings/day', 'changes/day'];

function sectionsOf({ estimators }: Report): Section[] {
  const section = (title: string, scoreOf: (estimator: EstimatorReport) => Score | undefined): Section => {
    const rows = estimators.map((estimator) => {
      const score = scoreOf(estimator);
      return [estimator.name, ...(score ? cellsOf(score) : [])];
    });
    return { title, rows: [HEADER, ...rows] };
  };
  const workloads = [...(estimators[0]?.workloads.keys() ?? [])];
  const title = `The fleet: ${workloads.length} ${workloads.length === 1 ? 'workload' : 'workloads'}`;
  return [
    section(title, ({ fleet }) => fleet),
    ...(workloads.length === 1 ? [] : workloads).map((name) => section(name, (one) => one.workloads.get(name))),
  ];
}

function figuresOf({ cpu, memory, changes }: Score): (number | undefined)[] {
  return [cpu.slack, cpu.above, memory.slack, memory.above, memory.crossings, changes];
}

function cellsOf(score: Score): string[] {
  const [cpuSlack, cpuAbove, memorySlack, memoryAbove, crossings, changes] = figuresOf(score);
  return [
    ...[cpuSlack, cpuAbove, memorySlack, memoryAbove].map((share) => (share === undefined ? '-' : percent(share))),
    ...[crossings, changes].map((rate) => (rate === undefined ? '-' : rate.toFixed(2))),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function csvField(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function markdownCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
