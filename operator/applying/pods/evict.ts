import type { SubresourceCreatable } from 'optipod/kube';
import { evictionRefusal } from 'optipod/lib/apply';
import { ApiError, isConflict, isNotFound, isRefused } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';
import type { DisruptionGate } from '../guards/gate.js';
import { block, blockFailed, stillBlocked } from './blocked.js';
import type { PodsOutcome, PodsTask } from './task.js';

/** For one call. Where a budget is still being worked out the server asks to wait longer: then the next turn is early enough. */
const TIMEOUT_MS = 5_000;

/** Where the gate does not say when to ask again; a change of the workload has its pods looked at anyway. */
export const GATE_MS = 60_000;

export interface EvictContext {
  readonly evictions: SubresourceCreatable;
  readonly gate: DisruptionGate;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Evicts one of the pods that cannot be resized in place, once the one before it is replaced and ready. One that is not ready
 * itself goes before the others: it serves nobody, and may be what its workload goes back for. Budgets are respected by the
 * eviction API; nothing is ever deleted.
 * @param all pods of the workload, those on their way out among them
 */
export async function evictNext(
  stuck: readonly SeenPod[],
  all: readonly SeenPod[],
  task: PodsTask,
  context: EvictContext,
): Promise<PodsOutcome> {
  const { memory, workload, policy } = task;
  const left = `${stuck.length} of ${all.length} pods to evict`;
  const missing = notReady(stuck, all, task);
  if (missing !== undefined) return { reason: 'Evicting', message: `${left}; ${missing}` };
  const blocked = stillBlocked(memory, left, context.now());
  if (blocked) return blocked;
  const refusal = await context.gate.ask(workload, policy, 'webhook');
  if (refusal) {
    return {
      reason: refusal.reason,
      message: `${left}; ${refusal.message}`,
      againMs: refusal.retryAfterMs ?? GATE_MS,
    };
  }
  const [pod] = [...stuck].sort(firstToGo);
  return pod ? evict(pod, left, task, context) : {};
}

/** By readiness, then by age. */
function firstToGo(a: SeenPod, b: SeenPod): number {
  const age = a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
  return Number(a.isReady) - Number(b.isReady) || age;
}

/** What has to happen before another pod goes. */
function notReady(
  stuck: readonly SeenPod[],
  all: readonly SeenPod[],
  { workload, memory }: PodsTask,
): string | undefined {
  const staying = all.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.uid !== memory.evicted,
  );
  if (staying.length < all.length) return 'one is on its way out';
  if (staying.length < workload.replicas) return `${workload.replicas - staying.length} are to be made`;
  const going = new Set(stuck.map(({ metadata }) => metadata.uid));
  const unready = staying.filter(({ isReady, metadata }) => !isReady && !going.has(metadata.uid)).length;
  return unready === 0 ? undefined : `${unready} are not ready`;
}

async function evict(pod: SeenPod, left: string, task: PodsTask, context: EvictContext): Promise<PodsOutcome> {
  const { memory, workload, policy, log, tell, signal } = task;
  const { namespace, name, uid } = pod.metadata;
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await context.evictions.create({ namespace, name }, eviction, { timeoutMs: TIMEOUT_MS, signal });
  } catch (error) {
    const refusal = error instanceof ApiError ? evictionRefusal(error.code, error.status) : undefined;
    if (refusal || isRefused(error)) context.gate.giveBack(workload, policy, 'webhook');
    // Gone, or another one of its name: the watch tells.
    if (isNotFound(error) || isConflict(error)) return { reason: 'Evicting', message: left };
    if (!refusal) {
      blockFailed(error, `${name} could not be evicted`, task, context.now());
      throw error;
    }
    const wait = block(memory, refusal, context.now());
    log.warn({ pod: name, reason: refusal.reason, problem: refusal.message }, 'not evicted');
    tell('Warning', refusal.reason, `${name}: ${refusal.message}${SUGGESTIONS[refusal.reason]}`);
    return { reason: refusal.reason, message: `${left}; ${refusal.message}`, againMs: wait };
  }
  memory.evicted = uid;
  delete memory.blocked;
  log.info({ pod: name }, 'evicted, to be replaced by a pod with what is recommended');
  tell('Normal', 'Evicting', `pods that cannot be resized in place are evicted one by one, ${name} first`);
  return { reason: 'Evicting', message: left };
}

const SUGGESTIONS = {
  BlockedByPDB: '; it is tried again: look at the PodDisruptionBudgets that select the pod',
  Forbidden:
    '; the operator lacks the right to create pods/eviction: install it with recreate, or set allowRecreate to false',
  Refused: '; it is tried again: an admission policy of the namespace is in the way',
} as const;
