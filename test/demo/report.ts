import { compareQuantities, formatBytes, formatMillicores, quantityOf, type Pod } from 'optipod/kube';
import { CONTAINER, MEMORY_HEADROOM, policy } from './objects.js';
import type { SeenUsage } from './recompute.js';

const { safetyFactor = 1 } = policy.spec.metricsConfig;

export interface Outcome {
  readonly before: Pod;
  readonly usage: SeenUsage;
  readonly recommended: { readonly cpu: string; readonly memory: string };
  readonly newborn: Pod;
}

export interface Comparison {
  readonly table: string;
  /** What is not as it should be. */
  readonly differences: readonly string[];
}

/** Holds three numbers against each other: what the demo computes, what the annotations say, what the newborn pod has. */
export function compare({ before, usage, recommended, newborn }: Outcome): Comparison {
  const rows = (['cpu', 'memory'] as const).map((resource) => ({
    resource,
    before: requestOf(before, resource),
    seen: resource === 'cpu' ? `${(usage.cpu * 1000).toFixed(1)}m` : `${(usage.memory / 2 ** 20).toFixed(1)}Mi`,
    scaled: resource === 'cpu' ? millicores(usage.cpu * safetyFactor) : mebibytes(usage.memory * safetyFactor),
    floor: resource === 'cpu' ? '-' : mebibytes(usage.memoryPeak * (1 + MEMORY_HEADROOM)),
    recommended: recommended[resource],
    newborn: requestOf(newborn, resource),
  }));
  const differences = rows.flatMap(({ resource, scaled, floor, recommended, newborn }) => [
    ...(same(higher(scaled, floor), recommended)
      ? []
      : [`${resource}: percentile × factor is ${scaled}, the floor ${floor}, recommended was ${recommended}`]),
    ...(same(recommended, newborn)
      ? []
      : [`${resource}: recommended was ${recommended}, the newborn pod has ${newborn}`]),
  ]);
  const heading = [
    'container',
    'request before',
    'usage seen (P90)',
    `× ${String(safetyFactor)}`,
    `at least (highest + ${String(MEMORY_HEADROOM * 100)}%)`,
    'recommended',
    'newborn pod',
  ];
  const lines = rows.map((row) => [
    `${CONTAINER} ${row.resource}`,
    row.before,
    row.seen,
    row.scaled,
    row.floor,
    row.recommended,
    row.newborn,
  ]);
  return { table: columns([heading, ...lines]), differences };
}

/** Rounded up to a whole unit, but not for what floating point added. */
function millicores(cores: number): string {
  return formatMillicores(Math.ceil(Number((cores * 1000).toFixed(6))));
}

function mebibytes(bytes: number): string {
  return formatBytes(Math.ceil(Number((bytes / 2 ** 20).toFixed(6))) * 2 ** 20);
}

function requestOf({ spec }: Pod, resource: string): string {
  const container = spec.containers.find(({ name }) => name === CONTAINER);
  return String(container?.resources?.requests?.[resource] ?? '-');
}

/** Of a number and its floor, which may be none. */
function higher(number: string, floor: string): string {
  return floor !== '-' && compareQuantities(quantityOf(number), quantityOf(floor)) < 0 ? floor : number;
}

function same(a: string, b: string): boolean {
  return b !== '-' && compareQuantities(quantityOf(a), quantityOf(b)) === 0;
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
