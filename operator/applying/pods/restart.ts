import type { Patchable } from 'optipod/kube';
import type { WorkloadKind } from 'optipod/lib/policy';
import { formatInstant } from 'optipod/lib/recommend';
import { ApiError, isConflict, isNotFound, isRefused } from '../../runtime/index.js';
import { RESTARTED_AT } from '../../workloads/workload.js';
import type { DisruptionGate } from '../guards/gate.js';
import { blockFailed, stillBlocked } from './blocked.js';
import { GATE_MS } from './evict.js';
import { REFUSED_MS } from './in-place.js';
import type { PodsOutcome, PodsTask } from './task.js';

const FIELD_MANAGER = 'optipod-restart';

export interface RestartContext {
  readonly writers: Readonly<Record<WorkloadKind, Pick<Patchable<unknown>, 'patch'>>>;
  readonly gate: DisruptionGate;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Has all pods of a workload made anew by its own controller, as `kubectl rollout restart` does it: once for a recommendation. */
export async function restart(task: PodsTask, stuck: number, context: RestartContext): Promise<PodsOutcome> {
  const { workload, policy, memory, log, tell, signal } = task;
  const message = `${stuck} pods cannot be resized in place`;
  if (memory.isRestarted)
    return { reason: 'Restarting', message: `${message}; they are replaced by a rolling restart` };
  const blocked = stillBlocked(memory, message, context.now());
  if (blocked) return blocked;
  const refusal = await context.gate.ask(workload, policy, 'webhook');
  if (refusal) {
    const { reason, retryAfterMs = GATE_MS } = refusal;
    return { reason, message: `${message}; ${refusal.message}`, againMs: retryAfterMs };
  }
  const { namespace, name, uid, resourceVersion } = workload.metadata;
  const restartedAt = formatInstant(context.now() / 1000);
  const body = {
    // Whoever edits it meanwhile may begin a rollout, or another recommendation: then it is to be looked at anew.
    metadata: { uid, resourceVersion },
    spec: { template: { metadata: { annotations: { [RESTARTED_AT]: restartedAt } } } },
  };
  try {
    await context.writers[workload.kind].patch({ namespace, name }, body, { fieldManager: FIELD_MANAGER, signal });
  } catch (error) {
    if (isRefused(error)) context.gate.giveBack(workload, policy, 'webhook');
    // Gone, another one of its name, or edited: the watch tells.
    if (isNotFound(error) || isConflict(error)) return {};
    if (!(error instanceof ApiError) || (error.code !== 403 && error.code !== 422)) {
      blockFailed(error, 'it could not be restarted', task, context.now());
      throw error;
    }
    const forbidden = error.code === 403 ? 'Forbidden' : 'Invalid';
    const why = error.status.message ?? '';
    tell('Warning', forbidden, `not restarted: ${why}; see what admission policies say of workloads here`);
    return { reason: forbidden, message: `${message}; ${why}`, againMs: REFUSED_MS };
  }
  memory.isRestarted = true;
  delete memory.blocked;
  log.info({ restartedAt }, 'restarted, for pods with what is recommended');
  tell('Normal', 'Restarting', `${message}: a rolling restart gives new pods what is recommended`);
  return { reason: 'Restarting', message: `${message}; they are replaced by a rolling restart` };
}
