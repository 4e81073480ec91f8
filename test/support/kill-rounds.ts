import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { settledNumber } from './settled-number.js';

/** A process that keeps recorded readings, and what would be restored of them after its end. */
export interface KeepsReadings {
  /**
   * Starts it, to take the recorded readings from the `from`-th on as fast as it can. On standard output it says `taking N` before
   * it does anything with the N-th and `kept N` when that is kept.
   */
  start(from: number): ChildProcess;
  /** How many readings another process would restore. */
  restored(): Promise<number>;
}

export interface KillRounds {
  /** All that were taken, of which the next process never gets one twice. */
  readonly taken: number;
  readonly lost: readonly number[];
}

/** How long a process may go on after its first reading, at most. */
const LONGEST_MS = 1500;

/**
 * Kills the process again and again at random moments, with SIGKILL, and each time holds how much is restored against what was
 * taken: all of it once, but at most the last reading of each process, and that only if it had not been kept. Which readings
 * they are is for the caller to look at.
 * @param random from 0 to 1
 */
export async function killRounds(
  keeps: KeepsReadings,
  rounds: number,
  random: () => number = Math.random,
): Promise<KillRounds> {
  const lost: number[] = [];
  let taken = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const last = await killOnce(keeps.start(taken), random() * LONGEST_MS);
    taken = last.taken + 1;
    const missing = taken - lost.length - (await settledNumber(() => keeps.restored()));
    expect(missing, `round ${round}: readings that are missing`).to.be.within(0, last.kept === last.taken ? 0 : 1);
    if (missing > 0) lost.push(last.taken);
  }
  return { taken, lost };
}

/** @returns the last reading that it took, and the last that it had kept */
async function killOnce(
  child: ChildProcess,
  afterMs: number,
): Promise<{ readonly taken: number; readonly kept: number }> {
  if (child.stdout === null) throw new TypeError('its standard output is not a pipe');
  const last = { taken: -1, kept: -1 };
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [what, number] = line.split(' ');
    if (what === 'taking' || what === 'kept') last[what === 'kept' ? 'kept' : 'taken'] = Number(number);
    begin();
  });
  const closed = once(child, 'close');
  await Promise.race([begun, closed]);
  await Promise.race([pause(afterMs), closed]);
  child.kill('SIGKILL');
  const [code, signal] = (await closed) as [number | null, string | null];
  expect(signal, `it ended by itself, with ${String(code)}`).to.equal('SIGKILL');
  return last;
}
