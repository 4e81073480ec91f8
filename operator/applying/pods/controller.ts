import type { LimitRange } from 'optipod/kube';
import { lastRecommendation, readInjection, type ContainerResources } from 'optipod/lib/api';
import { courseOf, type Installation } from 'optipod/lib/apply';
import { podResourcesController } from 'optipod/lib/optipod';
import { wordingOf } from 'optipod/lib/recommend';
import { policyKey, type Cluster, type ValidPolicy } from '../../cluster.js';
import { throughWebhook } from '../../policies/conditions.js';
import {
  createController,
  type Controller,
  type EventDraft,
  type Informer,
  type ReconcileContext,
  type ReconcileResult,
} from '../../runtime/index.js';
import { parseWorkloadKey, type Workload } from '../../workloads/workload.js';
import type { Refusal } from '../guards/gate.js';
import { admittedUnchanged, isNewborn, whyNewPodsLackIt } from './admitted-unchanged.js';
import type { PodsApplications } from './applications.js';
import { evictNext, type EvictContext } from './evict.js';
import { resizeInPlace, type InPlaceContext } from './in-place.js';
import type { Memories } from './memory.js';
import { podState, type PodState } from './pod-state.js';
import { restart, type RestartContext } from './restart.js';
import { AS_WISHED, storyOf } from './story.js';
import type { PodsOutcome, PodsTask } from './task.js';
import type { WorkloadPods } from '../../workloads/workload-pods.js';

/** A kubelet that lives answers within seconds, one that is busy within its minute. */
const FOLLOW_MS = 120_000;

/** When pods whose turn has not come are looked at again, should no event say that another one is done. */
const TURN_MS = 5_000;

/** Workloads at the same time: each waits for kube-apiserver most of the time. */
const CONCURRENCY = 4;

export interface PodResourcesContext extends InPlaceContext, EvictContext, RestartContext {
  readonly cluster: Cluster;
  readonly pods: Pick<WorkloadPods, 'of'>;
  readonly limitRanges: Pick<Informer<LimitRange>, 'list'>;
  readonly installation: Installation;
  /** Whether kube-apiserver has `pods/resize`. */
  readonly canResize: () => Promise<boolean>;
  readonly webhookReady: () => boolean;
  /** What keeps anything from being done about a workload's pods, those that are not replaced among it. */
  readonly stopped: (workload: Workload, policy: ValidPolicy) => Refusal | undefined;
  readonly memories: Memories;
  readonly applications: PodsApplications;
  /** Tells something of a workload. */
  readonly event: (workload: Workload, event: EventDraft) => void;
  /** Has a policy evaluated soon, which tells what came of it: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string) => void;
  /** How long a kubelet may be silent about a resize. @default 120 000 */
  readonly followMs?: number;
}

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

/** @returns undefined where running pods are none of OptiPod's business, or it has nothing for them */
function taskOf(key: string, context: PodResourcesContext, { signal, log }: ReconcileContext): PodsTask | undefined {
  const { cluster, installation, memories, now } = context;
  const workload = cluster.workload(parseWorkloadKey(key));
  const policy = workload && cluster.governor(workload);
  if (!policy) return undefined;
  const course = courseOf(policy.spec, installation);
  const { annotations } = workload.metadata;
  const injection = course.annotations === 'injection' ? readInjection(annotations) : undefined;
  if (injection?.policyUid !== policy.metadata.uid) return undefined;
  const { reason } = throughWebhook([workload.metadata.namespace], cluster, true);
  // New pods get nothing there.
  if (reason !== 'ThroughWebhook') return undefined;
  const wanted = ofTemplate(injection.containers, workload);
  const memory = memories.of(
    key,
    {
      uid: workload.metadata.uid,
      said: JSON.stringify([policy.metadata.uid, ...wanted]),
      recommendedAt: Date.parse(lastRecommendation(annotations) ?? ''),
      restartedAt: Date.parse(workload.restartedAt ?? ''),
    },
    now(),
  );
  const tell: PodsTask['tell'] = (type, eventReason, message) => {
    const news = `${eventReason} ${wordingOf(message)}`;
    if (memory.told.has(news)) return;
    memory.told.add(news);
    context.event(workload, { type, reason: eventReason, message });
  };
  const limitRanges = context.limitRanges.list(workload.metadata.namespace);
  return { key, workload, policy, course, wanted, limitRanges, memory, signal, log, tell };
}

/** Containers that somebody injects into pods are his, whatever annotations say. */
function ofTemplate(containers: ContainerResources, { pod }: Workload): ContainerResources {
  const names = new Set([...pod.containers, ...(pod.initContainers ?? [])].map(({ name }) => name));
  return new Map([...containers].filter(([name]) => names.has(name)));
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
    // A kubelet that says nothing causes no event.
    ...(states.some(({ pod }) => pod.resize?.state === 'Unobserved') ? [context.followMs ?? FOLLOW_MS] : []),
    ...(states.some(({ is }) => is === 'resizable') ? [TURN_MS] : []),
  ]);
}

/** Where the pods are that are there to stay. */
function look(task: PodsTask, notInPlace: NotInPlace, context: PodResourcesContext): PodState[] {
  const { key, wanted, limitRanges, memory, course } = task;
  const { nodeOf, followMs = FOLLOW_MS, memories } = context;
  const all = context.pods.of(key);
  forgetGone(task, all);
  return all
    .filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && !isOver(status.phase))
    .map((pod) => {
      const { nodeName = '' } = pod.spec;
      const node = nodeOf(pod);
      if (pod.resize?.standing) memories.nodes.note(nodeName, node, pod.resize.standing);
      const refusedThere = memories.nodes.of(nodeName, node);
      const partly = course.otherwise === 'wait';
      const now = context.now();
      return podState({ pod, wanted, limitRanges, notInPlace, partly, node, refusedThere, followMs, now }, memory);
    });
}

function isOver(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** What is remembered of pods ends with them. */
function forgetGone({ memory }: PodsTask, all: readonly PodState['pod'][]): void {
  const there = new Set(all.map(({ metadata }) => metadata.uid));
  for (const uid of memory.pods.keys()) if (!there.has(uid)) memory.pods.delete(uid);
}

type NotInPlace = Parameters<typeof podState>[0]['notInPlace'];

async function whyNotInPlace({ course }: PodsTask, { canResize }: PodResourcesContext): Promise<NotInPlace> {
  if (!course.inPlace)
    return { reason: AS_WISHED, message: 'the policy, or the installation, resizes no pods in place' };
  if (await canResize()) return undefined;
  return { reason: 'InPlaceResizeUnavailable', message: 'this Kubernetes serves no pods/resize' };
}

/** When something of the recommendation was last seen to be in effect: a step that was asked for, the first newborn pod. */
function noteApplied(states: readonly PodState[], { memory }: PodsTask, now: number): void {
  for (const { pod, is } of states) {
    const known = memory.pods.get(pod.metadata.uid);
    if (known?.asked !== undefined && known.asked !== known.done && !pod.resize) {
      known.done = known.asked;
      memory.appliedAt = now;
    } else if (is === 'done' && memory.appliedAt === undefined && isNewborn(pod, memory)) {
      memory.appliedAt = Date.parse(pod.metadata.creationTimestamp);
    }
  }
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
  if (context.applications.set(key, { ...told, ...at })) context.evaluateSoon(policyKey(policy));
}

function soonest(times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((ms) => ms !== undefined);
  return given.length === 0 ? undefined : Math.max(0, Math.min(...given));
}
