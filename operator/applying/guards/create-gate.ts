import { breakerAt, REGRESSED, rolloutObstacle, type Breaker, type Disruption, type Stop } from 'optipod/lib/apply';
import { formatSpan, suspensionAt } from 'optipod/lib/recommend';
import type { Registry } from 'prom-client';
import type { ValidPolicy } from '../../cluster.js';
import type { OperatorSettings } from '../../settings.js';
import { standingReport, statusOf, type ToldRecommendations } from '../../workloads/recommendation.js';
import type { Workload } from '../../workloads/workload.js';
import { createBudgets, type BudgetSettings } from './budgets.js';
import { createCooldown } from './cooldown.js';
import type { DisruptionGate, Refusal } from './gate.js';
import { guardMetrics } from './metrics.js';
import type { WebhookProof } from './webhook-proof.js';

export interface GateOptions {
  readonly settings: GateSettings;
  /** Why nothing is applied by anybody, where that is so. */
  readonly stop: () => Stop | undefined;
  /** What is told of workloads: when they were last changed, and which of them regressed. */
  readonly recommendations: ToldRecommendations;
  readonly proof: WebhookProof;
  readonly registry: Registry;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type GateSettings = BudgetSettings &
  Pick<
    OperatorSettings,
    'disruptSingleReplica' | 'disruptionCooldown' | 'disruptionBreakerShare' | 'disruptionBreakerWindow'
  >;

/** Every workload's past is looked through for the breaker: not for each that asks. */
const BREAKER_FRESH_MS = 5_000;

/** Leaves are given one by one; what costs a request is looked at last. */
export function createGate(options: GateOptions): DisruptionGate {
  const { settings, recommendations, proof, now } = options;
  const cooldown = createCooldown(settings.disruptionCooldown, now);
  const budgets = createBudgets(settings, now);
  const breaker = breakerOf(options);
  const metrics = guardMetrics(options.registry, () => breaker().isOpen);

  function obstacle(workload: Workload, policy: ValidPolicy, through: 'webhook' | 'template'): Refusal | undefined {
    const stop = options.stop();
    if (stop) return stop;
    const told = standingReport(recommendations, { kind: workload.kind, ...workload.metadata });
    const past = statusOf(told, workload);
    // What makes things worse has no time to wait for what is asked of those that may.
    const goingBack = suspensionAt(past?.applying, { content: workload.content }, now() / 1000)?.reason === REGRESSED;
    const rollout = rolloutObstacle(workload, { singleReplica: settings.disruptSingleReplica, goingBack });
    // It ends with a change of the workload, which may never come.
    if (rollout) return rollout;
    const hasTime = goingBack
      ? undefined
      : (open(breaker(), now()) ?? cooling(workload, past?.applying?.disruption, through));
    return hasTime ?? budgets.exhausted(workload, policy);
  }

  function cooling(
    workload: Workload,
    told: Disruption | undefined,
    through: 'webhook' | 'template',
  ): Refusal | undefined {
    const retryAfterMs = cooldown.waitMs(workload, told, through);
    if (retryAfterMs <= 0) return undefined;
    const message = `its pods were replaced for another recommendation less than ${formatSpan(settings.disruptionCooldown / 1000)} ago`;
    return { reason: 'CoolingDown', message, retryAfterMs };
  }

  return {
    async ask(workload, policy, through) {
      let refusal = obstacle(workload, policy, through);
      if (!refusal) {
        // Taken before anything is waited for: others ask meanwhile.
        budgets.take(workload, policy);
        refusal = through === 'webhook' ? await proof(workload) : undefined;
        if (refusal) budgets.giveBack(workload, policy);
      }
      if (refusal) {
        metrics.refusals.inc({ reason: refusal.reason });
        return refusal;
      }
      // A changed template is remembered by whoever writes it.
      if (through === 'webhook') cooldown.began(workload);
      metrics.disruptions.inc({ through });
      return undefined;
    },
    giveBack(workload, policy, through) {
      budgets.giveBack(workload, policy);
      if (through === 'webhook') cooldown.notDone(workload);
    },
    lastDisruption: (workload) => cooldown.last(workload),
  };
}

function breakerOf({ settings, recommendations, now }: GateOptions): () => Breaker {
  const limits = { share: settings.disruptionBreakerShare, window: settings.disruptionBreakerWindow / 1000 };
  let last: { readonly breaker: Breaker; readonly at: number } | undefined;
  return () => {
    if (!last || now() - last.at >= BREAKER_FRESH_MS) {
      last = { breaker: breakerAt(recommendations.list(), limits, now() / 1000), at: now() };
    }
    return last.breaker;
  };
}

function open({ isOpen, changed, regressed, closesAt }: Breaker, now: number): Refusal | undefined {
  if (!isOpen || closesAt === undefined) return undefined;
  const message = `${regressed} of the ${changed} workloads changed lately regressed: no pods are replaced until that is over`;
  return { reason: 'CircuitOpen', message, retryAfterMs: Math.max(1000, closesAt * 1000 - now) };
}
