import { ApiError, ConnectionError, messageOf } from '../../runtime/index.js';
import type { Blocked, WorkloadMemory } from './memory.js';
import type { PodsOutcome, PodsTask } from './task.js';

/** The pause after a request that was not done; each further one doubles it. A budget moves with pods, which take seconds to minutes. */
const BLOCKED_MS = 30_000;
const LONGEST_BLOCKED_MS = 600_000;

/** Has pods of a workload not replaced for a while. @param now milliseconds since 1970 @returns for how many milliseconds */
export function block(memory: WorkloadMemory, refusal: Blocked['refusal'], now: number): number {
  const times = memory.blocked?.times ?? 0;
  const wait = Math.min(LONGEST_BLOCKED_MS, BLOCKED_MS * 2 ** times);
  memory.blocked = { times: times + 1, refusal, again: now + wait };
  return wait;
}

/** What is told until the pause is over; undefined where there is none. @param about what is to be done */
export function stillBlocked({ blocked }: WorkloadMemory, about: string, now: number): PodsOutcome | undefined {
  if (!blocked || now >= blocked.again) return undefined;
  const { reason, message } = blocked.refusal;
  return { reason, message: `${about}; ${message}`, againMs: blocked.again - now };
}

/**
 * What failed costs others their turn where it is asked for again at once: each time may count as a disruption.
 * @param failed what was asked for
 */
export function blockFailed(error: unknown, failed: string, { memory, tell, signal }: PodsTask, now: number): void {
  // Broken off by the operator itself.
  if (signal.aborted || !(error instanceof ApiError || error instanceof ConnectionError)) return;
  const message = `${failed}: ${messageOf(error)}`;
  block(memory, { reason: 'RequestFailed', message }, now);
  tell(
    'Warning',
    'RequestFailed',
    `${message}; it is tried again: look at kube-apiserver, and at the webhooks it asks`,
  );
}
