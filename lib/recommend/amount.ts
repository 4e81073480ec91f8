import { formatBytes, formatMillicores, parseQuantity, type Quantity, type QuantityValue } from '../kube/index.js';
import type { ResourceName } from '../api/index.js';

/** The step that recommendations of a resource come in: whole millicores, whole mebibytes; as a share of a core or in bytes. */
interface Unit {
  readonly perUnit: number;
  readonly nanosPerUnit: bigint;
  readonly suffix: string;
  readonly format: (units: number) => string;
}

const UNITS: Readonly<Record<ResourceName, Unit>> = {
  cpu: { perUnit: 1e-3, nanosPerUnit: 10n ** 6n, suffix: 'm', format: formatMillicores },
  memory: {
    perUnit: 2 ** 20,
    nanosPerUnit: 2n ** 20n * 10n ** 9n,
    suffix: 'Mi',
    format: (mebibytes) => formatBytes(mebibytes * 2 ** 20),
  },
};

/** Far below a unit, far above what floating point adds: 0.1 × 3 is 300m, not 301m. */
const NOISE = 1e-9;

/** Whole units that hold an amount of cores or bytes: millicores, mebibytes. */
export function unitsUp(resource: ResourceName, amount: number): number {
  const exact = amount / UNITS[resource].perUnit;
  return Math.ceil(exact - exact * NOISE);
}

/** The most whole units within an amount of cores or bytes. */
export function unitsDown(resource: ResourceName, amount: number): number {
  const exact = amount / UNITS[resource].perUnit;
  return Math.floor(exact + exact * NOISE);
}

/** The most whole units within a quantity. */
export function unitsWithin(resource: ResourceName, { nanos }: Quantity): number {
  return Number(nanos / UNITS[resource].nanosPerUnit);
}

/** Cores or bytes. */
export function amountOf(resource: ResourceName, units: number): number {
  return resource === 'cpu' ? units / 1000 : units * UNITS[resource].perUnit;
}

/** Canonical: `240m`, `2`, `512Mi`, `2Gi`. */
export function formatUnits(resource: ResourceName, units: number): string {
  return UNITS[resource].format(units);
}

/** For a person, cores or bytes to a tenth of a unit: `201.3m`, `1494Mi`, `2Gi`. A quantity all the same. */
export function formatAmount(resource: ResourceName, amount: number): string {
  const units = amount / UNITS[resource].perUnit;
  const shown = units < 1 ? Number(units.toPrecision(2)) : Math.round(units * 10) / 10;
  // Below what a quantity can be written with, and what nobody means.
  if (shown < 1e-6) return '0';
  return Number.isInteger(shown)
    ? formatUnits(resource, shown)
    : `${shown.toFixed(9).replace(/0+$/, '')}${UNITS[resource].suffix}`;
}

/** Cores or bytes of a quantity; undefined where there is none, and for zero, which Kubernetes takes for not given. */
export function amountIn(value: QuantityValue | undefined): number | undefined {
  const nanos = value === undefined ? undefined : parseQuantity(value)?.nanos;
  return nanos === undefined || nanos <= 0n ? undefined : Number(nanos) / 1e9;
}
