import type { ResourceName } from '../../lib/api/index.js';

/** From values to places along a line, in pixels. */
export interface Axis {
  place(value: number): number;
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

/** About so many ticks are readable. */
const TICKS = 6;
const DAY = 86_400;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Cores or bytes from 0 up to above the highest one; zero is below, as places count from above. */
export function amountAxis(resource: ResourceName, highest: number, pixels: number): Axis {
  const most = highest > 0 ? highest * 1.05 : 1;
  const exponent = resource === 'cpu' ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(most) / 10));
  const unit = 1024 ** exponent;
  const label = (amount: number): string => {
    // Steps are 1, 2, 2.5 or 5 of some power of ten: what floating point adds to them is noise.
    const number = Number((amount / unit).toPrecision(6));
    return resource === 'cpu' ? String(number) : `${number} ${UNITS[exponent] ?? ''}`;
  };
  const place = (amount: number): number => pixels * (1 - amount / most);
  const step = niceStep(most / unit / TICKS) * unit;
  return {
    place,
    ticks: Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => ({
      place: Math.round(place(index * step)),
      label: label(index * step),
    })),
  };
}

/** Days, in UTC. @param from, to in seconds since 1970 */
export function timeAxis(from: number, to: number, pixels: number): Axis {
  const place = (at: number): number => (pixels * (at - from)) / Math.max(1, to - from);
  const every = Math.max(1, Math.ceil((to - from) / DAY / 15)) * DAY;
  const first = Math.ceil(from / DAY) * DAY;
  return {
    place,
    ticks: Array.from({ length: Math.max(0, Math.floor((to - first) / every) + 1) }, (_, index) => {
      const at = first + index * every;
      return { place: Math.round(place(at)), label: new Date(at * 1000).toISOString().slice(5, 10) };
    }),
  };
}

/** 1, 2, 2.5 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 5].find((factor) => factor * power >= least) ?? 10) * power;
}
