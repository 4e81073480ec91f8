import { apiVersionOf, durationOf } from 'optipod/kube';
import { OptimizationPolicy, type StoredPolicy } from 'optipod/lib/api';
import { policyController } from 'optipod/lib/optipod';
import { createController, isConflict, isNotFound, type Controller } from '../runtime/index.js';
import { broken } from './conditions.js';
import { eventsOf } from './events.js';
import { pass, type PassContext } from './pass.js';
import { statusAfter, writeStatus, type PassReport } from './status.js';

/** So that policies made together do not query together for ever. */
const JITTER = 0.05;

/** Policies at the same time: each waits for kube-apiserver most of the time, and none for a provider. */
const CONCURRENCY = 32;

/** Evaluates policies, each at its interval and whenever something it depends on changed. Keys are `<namespace>/<name>`. */
export function policies(context: PassContext): Controller {
  return createController({
    name: policyController.name,
    concurrency: CONCURRENCY,
    async reconcile(key, { log }) {
      const stored = context.cluster.policy(key);
      if (!stored?.valid || stored.object.spec.mode === 'Disabled') {
        context.usage.demand.delete(key);
        context.usage.waits.delete(key);
      }
      if (!stored) return undefined;
      if (!stored.valid) log.warn({ errors: stored.errors }, 'a policy that does not fit the schema is left alone');
      const report: PassReport | undefined = stored.valid
        ? await pass(stored.object, context, log)
        : { conditions: [broken(stored.errors)], discovered: [], processed: 0 };
      // Edited or deleted meanwhile, or waiting for usage, for which it is enqueued again.
      if (!report) return undefined;
      const status = statusAfter(stored.object, report, context.now());
      try {
        await writeStatus(context.statuses, stored, status);
        for (const event of eventsOf(stored.object.status?.conditions, status.conditions ?? [])) {
          context.event(identified(stored), event);
        }
      } catch (error) {
        // Deleted, or made anew under its name, since: nobody is left to tell.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
      // A broken one is looked at again when it is edited.
      if (!stored.valid) return undefined;
      return { requeueAfterMs: durationOf(stored.object.spec.reconciliationInterval) * (1 + JITTER * Math.random()) };
    },
  });
}

/** The cache keeps no apiVersion and kind, which an Event needs. */
function identified({ metadata }: StoredPolicy) {
  return { apiVersion: apiVersionOf(OptimizationPolicy), kind: OptimizationPolicy.kind, metadata };
}
