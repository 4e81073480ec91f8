import { podResourcesController } from 'optipod/lib/optipod';
import { policyKey } from '../../cluster.js';
import { createController, type Controller, type ReconcileContext, type ReconcileResult } from '../../runtime/index.js';
import { parseWorkloadKey } from '../../workloads/workload.js';
import { admittedUnchanged, isNewborn, whyNewPodsLackIt } from './admitted-unchanged.js';
import type { PodResourcesContext } from './context.js';
import { evictNext } from './evict.js';
import { resizeInPlace } from './in-place.js';
import { FOLLOW_MS, look, noteApplied, whyNotInPlace } from './look.js';
import { isAwaited, type PodState } from './pod-state.js';
import { restart } from './restart.js';
import { storyOf } from './story.js';
import { taskOf } from './task-of.js';
import type { PodsOutcome, PodsTask } from './task.js';

/** When pods whose turn has not come are looked at again, should no event say that another one is done. */
const TURN_MS = 5_000;

/** Workloads at the same time: each waits for kube-apiserver most of the time. */
const CONCURRENCY = 4;

/**
 * Gives the running pods of a workload what its annotations give to new ones, as far as its policy wants it: in place where no
 * container would restart, else by eviction or one rolling restart. Keys are `<kind>/<namespace>/<name>`.
 */
export function podResources(context: PodResourcesContext): Controller {
  return createController({
    name: podResourcesController.name,
    concurrency: CONCURRENCY,
    reconcile: (key, run) => lookAfterPods(key, context, run),
  });
}

/** One look at the pods of one workload, and what is to be done about them now. */
export async function lookAfterPods(
  key: string,
  context: PodResourcesContext,
  run: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const task = taskOf(key, context, run);
  if (!task) {
    nothingFor(key, context);
    return undefined;
  }
  const againMs = await applyTo(task, context);
  return againMs === undefined ? undefined : { requeueAfterMs: againMs };
}

function nothingFor(key: string, { cluster, memories, applications, evaluateSoon }: PodResourcesContext): void {
  const workload = cluster.workload(parseWorkloadKey(key));
  const policy = workload && cluster.governor(workload);
  memories.nothing(key, workload?.metadata.uid);
  if (applications.forget(key) && policy) evaluateSoon(policyKey(policy));
}

async function applyTo(task: PodsTask, context: PodResourcesContext): Promise<number | undefined> {
  const { workload, policy, memory, tell, course } = task;
  const stop = context.stopped(workload, policy);
  if (stop) {
    report(task, { applied: false, reason: stop.reason, message: stop.message }, context);
    return stop.retryAfterMs;
  }
  const notInPlace = await whyNotInPlace(task, context);
  let states = look(task, notInPlace, context);
  noteApplied(states, task, context.now());
  if (await resizeInPlace(states, task, context)) states = look(task, notInPlace, context);

  const stuck = states.filter((state) => state.is === 'stuck');
  const old = stuck.filter(({ pod }) => !isNewborn(pod, memory));
  const lacking = whyNewPodsLackIt(task);
  const replacing = lacking === undefined && old.length > 0 ? await replace(old, task, context) : {};
  if (course.otherwise === 'wait') {
    const unavailable = old.find(({ reason }) => reason === 'Infeasible' || reason === 'InPlaceResizeUnavailable');
    const why =
      unavailable &&
      `${unavailable.pod.metadata.name} gets it with its next restart, not in place: ${unavailable.message}`;
    if (why !== undefined) tell('Warning', 'InPlaceResizeUnavailable', why);
  }
  const unchanged = admittedUnchanged(stuck, task, lacking, context.webhookReady());
  report(task, storyOf(states, { replacing, unchanged }), context);
  return soonest([
    replacing.againMs,
    ...stuck.flatMap(({ again }) => (again === undefined ? [] : [again - context.now()])),
    // A kubelet that says nothing more causes no event.
    ...(states.some(({ pod }) => isAwaited(pod)) ? [context.followMs ?? FOLLOW_MS] : []),
    ...(states.some(({ is }) => is === 'resizable') ? [TURN_MS] : []),
  ]);
}

async function replace(
  stuck: readonly Extract<PodState, { is: 'stuck' }>[],
  task: PodsTask,
  context: PodResourcesContext,
): Promise<PodsOutcome> {
  const pods = stuck.map(({ pod }) => pod);
  if (task.course.otherwise === 'restart') return restart(task, pods.length, context);
  return task.course.otherwise === 'evict' ? evictNext(pods, context.pods.of(task.key), task, context) : {};
}

function report(
  { key, policy, memory }: PodsTask,
  told: ReturnType<typeof storyOf>,
  context: PodResourcesContext,
): void {
  const { appliedAt } = memory;
  const at = appliedAt === undefined ? {} : { at: Math.floor(appliedAt / 1000) };
  const since = Math.floor(memory.since / 1000);
  if (context.applications.set(key, { ...told, ...at, since })) context.evaluateSoon(policyKey(policy));
}

function soonest(times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((ms) => ms !== undefined);
  return given.length === 0 ? undefined : Math.max(0, Math.min(...given));
}
