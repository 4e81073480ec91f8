import { amountAxis, timeAxis, type Axis } from './axis.js';
import type { Replay } from './replay.js';
import type { Sample, Trace } from './trace.js';

const WIDTH = 1200;
const PANEL = { left: 76, width: WIDTH - 96, height: 240 } as const;
const ROW = 20;

/** Told apart by colour-blind people as well: after Okabe and Ito, and darker ones besides. */
const COLORS = ['#d55e00', '#009e73', '#0072b2', '#cc79a7', '#e69f00', '#56b4e9', '#7b3294', '#8c6d31', '#444444'];

/** One workload as SVG: what it used, and what each estimator requested, CPU above and memory below on the same time axis. */
export function chartOf(trace: Trace, replays: readonly Replay[]): string {
  const legend = legendOf(replays);
  const top = 44 + legend.height;
  const memoryTop = top + PANEL.height + 44;
  const height = memoryTop + PANEL.height + 40;
  const time = timeAxis(trace.samples[0]?.at ?? 0, trace.samples.at(-1)?.at ?? 1, PANEL.width);
  const body = [
    `<text x="${PANEL.left}" y="26" font-size="17" font-weight="600">${escape(trace.name)}</text>`,
    `<g transform="translate(${PANEL.left},44)">${legend.svg}</g>`,
    panel(trace, replays, { resource: 'cpu', title: 'CPU, cores', top, time }),
    panel(trace, replays, { resource: 'memory', title: 'Memory', top: memoryTop, time }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    ' font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...body,
    '</svg>\n',
  ].join('');
}

interface PanelOptions {
  readonly resource: Sample['resource'];
  readonly title: string;
  readonly top: number;
  readonly time: Axis;
}

function panel(trace: Trace, replays: readonly Replay[], { resource, title, top, time }: PanelOptions): string {
  const samples = trace.samples.filter((sample) => sample.resource === resource);
  const highest = Math.max(
    samples.reduce((most, { value }) => Math.max(most, value), 0),
    ...replays.flatMap(({ course }) => course.map(({ requests }) => requests[resource] ?? 0)),
  );
  const amount = amountAxis(resource, highest, PANEL.height);
  const lines = replays.map(({ course }, index) => {
    const d = steps(
      course.map(({ at, requests }) => [at, requests[resource]] as const),
      time,
      amount,
    );
    return d === '' ? '' : `<path d="${d}" fill="none" stroke="${colorOf(index)}" stroke-width="1.5"/>`;
  });
  return [
    `<g transform="translate(${PANEL.left},${top})">`,
    `<text x="0" y="-8" font-weight="600">${title}</text>`,
    ...amount.ticks.map(
      ({ place, label }) =>
        `<path d="M0 ${place}H${PANEL.width}" stroke="#e4e4e4"/><text x="-8" y="${place + 4}" text-anchor="end">${label}</text>`,
    ),
    ...time.ticks.map(
      ({ place, label }) =>
        `<path d="M${place} 0V${PANEL.height + 4}" stroke="#f0f0f0"/>` +
        `<text x="${place}" y="${PANEL.height + 18}" text-anchor="middle">${label}</text>`,
    ),
    `<path d="${envelope(samples, time, amount)}" fill="none" stroke="#b0b0b0" stroke-width="1"/>`,
    ...lines,
    `<path d="M0 0V${PANEL.height}H${PANEL.width}" fill="none" stroke="#888"/>`,
    '</g>',
  ].join('');
}

/** Usage as a line that touches, in every column of pixels, its lowest and its highest sample: no peak is lost. */
function envelope(samples: readonly Sample[], time: Axis, amount: Axis): string {
  const columns = new Map<number, { low: number; high: number }>();
  for (const { at, value } of samples) {
    const column = Math.round(time.place(at));
    const seen = columns.get(column);
    if (seen) Object.assign(seen, { low: Math.min(seen.low, value), high: Math.max(seen.high, value) });
    else columns.set(column, { low: value, high: value });
  }
  return [...columns]
    .map(([x, { low, high }], index) => {
      const [y, to] = [rounded(amount.place(low)), rounded(amount.place(high))];
      return `${index === 0 ? 'M' : 'L'}${x} ${y}${to === y ? '' : `V${to}`}`;
    })
    .join('');
}

/** A line that keeps its height until the next entry, the last one to the end. */
function steps(course: readonly (readonly [number, number | undefined])[], time: Axis, amount: Axis): string {
  let d = '';
  for (const [at, value] of course) {
    if (value === undefined) continue;
    const [x, y] = [rounded(time.place(at)), rounded(amount.place(value))];
    d += d === '' ? `M${x} ${y}` : `H${x}V${y}`;
  }
  return d === '' ? '' : `${d}H${PANEL.width}`;
}

function legendOf(replays: readonly Replay[]): { readonly svg: string; readonly height: number } {
  const entries = ['usage', ...replays.map(({ estimator }) => estimator)];
  const perRow = 5;
  const svg = entries.map((name, index) => {
    const [x, y] = [(index % perRow) * (PANEL.width / perRow), Math.floor(index / perRow) * ROW];
    const color = index === 0 ? '#b0b0b0' : colorOf(index - 1);
    return (
      `<path d="M${x} ${y + 4}h26" stroke="${color}" stroke-width="3"/>` +
      `<text x="${x + 32}" y="${y + 8}">${escape(name)}</text>`
    );
  });
  return { svg: svg.join(''), height: Math.ceil(entries.length / perRow) * ROW + 20 };
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? '#000';
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
