import type { FloorCause, ValueStep } from './explanation.js';
import type { RecommendationInput } from './input.js';

/** What memory must not be below: bytes. */
export interface MemoryFloor {
  readonly cause: FloorCause;
  /** With headroom. */
  readonly bytes: number;
}

/**
 * The highest working set that is remembered of any pod, or what a container was killed at for want of memory where that is
 * more, plus headroom. Both are what really happened, never a recommendation, so the floor does not feed on itself; both are
 * forgotten with the window they are remembered for.
 */
export function memoryFloor({ resource, usage, settings }: RecommendationInput): MemoryFloor | undefined {
  if (resource !== 'memory' || !usage) return undefined;
  const { memory, memoryPeak, oomKill } = usage;
  const causes: FloorCause[] = [
    ...(memory ? [{ was: 'used', bytes: memory.max } as const] : []),
    ...(memoryPeak ? [{ was: 'used', ...memoryPeak } as const] : []),
    ...(oomKill ? [{ was: 'killed', ...oomKill } as const] : []),
  ];
  const [first, ...others] = causes.filter(({ bytes }) => Number.isFinite(bytes) && bytes > 0);
  if (!first) return undefined;
  // Of equals the later in the list: it knows more.
  const cause = others.reduce((most, one) => (one.bytes >= most.bytes ? one : most), first);
  return { cause, bytes: cause.bytes * (1 + settings.memoryHeadroom) };
}

/** The floor that the policy wants kept; undefined under allowUnsafeMemoryDecrease. */
export function safeFloor(input: RecommendationInput): MemoryFloor | undefined {
  return input.spec.updateStrategy.allowUnsafeMemoryDecrease ? undefined : memoryFloor(input);
}

/** Raises memory to the floor; where the policy does not want that, it is only said. */
export function aboveFloor(amount: number, input: RecommendationInput): ValueStep | undefined {
  const floor = memoryFloor(input);
  if (!floor || amount >= floor.bytes) return undefined;
  const ignored = input.spec.updateStrategy.allowUnsafeMemoryDecrease;
  const { cause } = floor;
  const { memoryHeadroom: headroom } = input.settings;
  return { step: 'MemoryFloor', cause, headroom, ignored, value: ignored ? amount : floor.bytes };
}
