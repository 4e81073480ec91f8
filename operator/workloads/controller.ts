import type { Stop } from 'optipod/lib/apply';
import { workloadController } from 'optipod/lib/optipod';
import { annotationsFor } from 'optipod/lib/recommend';
import { policyKey, type Cluster, type ValidPolicy } from '../cluster.js';
import type { Coverage, Covered } from '../policies/coverage.js';
import { policyInEffect } from '../policies/in-effect.js';
import { createController, isConflict, isNotFound, type Controller } from '../runtime/index.js';
import { annotate, type WorkloadWriters } from './annotate.js';
import { retract } from './recommendation.js';
import type { Turns } from './turns.js';
import { parseWorkloadKey, type Workload } from './workload.js';

/** For the cache to see what was in the way. */
const CONFLICT_MS = 200;

export interface WorkloadsContext {
  readonly writers: WorkloadWriters;
  /** Objects that tell people what is recommended. */
  readonly recommendations: Parameters<typeof retract>[0];
  /** Shared with whoever else writes to workloads. */
  readonly turns: Turns;
  readonly cluster: Cluster;
  readonly coverage: Coverage;
  /** Why nothing is applied, whatever policies say. */
  readonly stop: () => Stop | undefined;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string) => void;
}

/**
 * Keeps every workload's annotations in line with the policy that governs it, without any usage: what no policy stands
 * behind any more disappears at once, and a policy that gains or loses a workload is evaluated soon. Keys are
 * `<kind>/<namespace>/<name>`.
 */
export function workloads({
  writers,
  recommendations,
  turns,
  cluster,
  coverage,
  stop,
  evaluateSoon,
}: WorkloadsContext): Controller {
  return createController({
    name: workloadController.name,
    reconcile: (key) =>
      turns.take(key, async () => {
        const workload = cluster.workload(parseWorkloadKey(key));
        const policy = workload && cluster.governor(workload);
        const covered = coverage.of(key);
        if (covered && !policy) {
          coverage.forget(key);
          evaluateSoon(covered.policy);
        }
        if (!policy) await retract(recommendations, parseWorkloadKey(key));
        if (!workload) return undefined;
        // A policy that loses it to this one is evaluated after this one.
        if (policy && !isAbout(covered, policy, workload)) evaluateSoon(policyKey(policy));
        try {
          const acting = policy && policyInEffect(policy, stop());
          await annotate(writers, workload, annotationsFor({ policy: acting, workload }));
        } catch (error) {
          if (isNotFound(error)) return undefined;
          // Replaced by a namesake, or written to by so many at once that kube-apiserver gave up.
          if (isConflict(error)) return { requeueAfterMs: CONFLICT_MS };
          throw error;
        }
        return undefined;
      }),
  });
}

/** Whether it was this policy's evaluation, and of this workload rather than of a namesake made since. */
function isAbout(covered: Covered | undefined, policy: ValidPolicy, workload: Workload): boolean {
  return covered?.policyUid === policy.metadata.uid && covered.workloadUid === workload.metadata.uid;
}
