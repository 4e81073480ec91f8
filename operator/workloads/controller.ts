import { courseOf, takenBack, type Installation, type Stop, type TemplateWay } from 'optipod/lib/apply';
import { workloadController } from 'optipod/lib/optipod';
import { annotationsFor, suspensionAt } from 'optipod/lib/recommend';
import { release } from '../applying/template/release.js';
import { policyKey, policyVersion, type Cluster, type ValidPolicy } from '../cluster.js';
import type { Coverage, Covered } from '../policies/coverage.js';
import { policyInEffect } from '../policies/in-effect.js';
import { createController, isConflict, isNotFound, type Controller } from '../runtime/index.js';
import { annotate, type AnnotateContext } from './annotate.js';
import { retract, standingReport, statusOf, type RetractionAccess } from './recommendation.js';
import type { Turns } from './turns.js';
import { parseWorkloadKey, type Workload } from './workload.js';

/** For the cache to see what was in the way. */
const CONFLICT_MS = 200;

export interface WorkloadsContext extends AnnotateContext {
  /** Objects that tell people what is recommended. */
  readonly reports: RetractionAccess;
  readonly permissions: Installation;
  /** Milliseconds since 1970. */
  readonly now: () => number;
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
 * Keeps every workload's annotations, and whose word its template is, in line with the policy that governs it, without any usage:
 * what no policy stands behind any more disappears or is let go of at once, and a policy that gains or loses a workload, or
 * something that it applied, is evaluated soon. Keys are `<kind>/<namespace>/<name>`.
 */
export function workloads({
  writers,
  leftovers,
  reports,
  permissions,
  now,
  turns,
  cluster,
  coverage,
  stop,
  evaluateSoon,
}: WorkloadsContext): Controller {
  /** Whether something that was applied was taken back, or an edit ended a suspension. */
  const isNews = (workload: Workload, policy: ValidPolicy, way: TemplateWay): boolean => {
    const { metadata, kind, content } = workload;
    const applying = statusOf(standingReport(reports, { kind, ...metadata }), workload)?.applying;
    if (!applying) return false;
    const asTheyAre = { content, policy: policyVersion(policy) };
    if (applying.suspension) return !suspensionAt(applying, asTheyAre, Math.floor(now() / 1000));
    const { updateRequestsOnly } = policy.spec.updateStrategy;
    return way !== 'unchanged' && takenBack(applying, workload, updateRequestsOnly).length > 0;
  };
  return createController({
    name: workloadController.name,
    reconcile: (key) =>
      turns.take(key, async () => {
        const workload = cluster.workload(parseWorkloadKey(key));
        const governor = workload && cluster.governor(workload);
        const policy = governor && policyInEffect(governor, stop());
        const covered = coverage.of(key);
        if (covered && !policy) {
          coverage.forget(key);
          evaluateSoon(covered.policy);
        }
        if (!policy) await retract(reports, parseWorkloadKey(key), workload, Math.floor(now() / 1000));
        if (!workload) return undefined;
        const way = policy ? courseOf(policy.spec, permissions).template : 'unchanged';
        // A policy that loses it to this one is evaluated after this one.
        if (policy && (!isAbout(covered, policy, workload) || isNews(workload, policy, way))) {
          evaluateSoon(policyKey(policy));
        }
        try {
          await release(writers, workload, {
            way,
            updateRequestsOnly: policy?.spec.updateStrategy.updateRequestsOnly ?? true,
          });
          await annotate({ writers, leftovers }, workload, annotationsFor({ policy, workload }));
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
