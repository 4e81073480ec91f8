/** What a bench reports. */
export interface Ratio {
  readonly name: string;
  /** Microseconds of CPU time an operation, median of the rounds. */
  readonly ours: number;
  /** What it is held against. */
  readonly peer: string;
  readonly ratio: number;
}

const ROUNDS = 7;
const WARM_UP = 2;

/** Runs two operations in turns, so that both meet the same neighbours; medians of their CPU time in microseconds. */
export async function inTurns(
  times: number,
  ours: () => unknown,
  peer: () => unknown,
): Promise<{ readonly ours: number; readonly peer: number }> {
  const measured: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
    for (const [who, operation] of [
      ['ours', ours],
      ['peer', peer],
    ] as const) {
      const before = process.cpuUsage();
      for (let i = 0; i < times; i += 1) await operation();
      const { user, system } = process.cpuUsage(before);
      if (round >= WARM_UP) measured[who].push((user + system) / times);
    }
  }
  return { ours: median(measured.ours), peer: median(measured.peer) };
}

export function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
