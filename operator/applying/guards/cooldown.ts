import { readRecommendations } from 'optipod/lib/api';
import type { Disruption } from 'optipod/lib/apply';
import { formatInstant } from 'optipod/lib/recommend';
import { hashOf, workloadKey, type Workload } from '../../workloads/workload.js';

/** Time between two changes that replace pods of one workload. */
export interface Cooldown {
  /**
   * Milliseconds until pods may be replaced again; 0 where they may. Those of one recommendation are one change, however many
   * pods it takes; what is resized in place, or born by itself, is none.
   * @param told of its WorkloadRecommendation: what is known across restarts
   */
  waitMs(workload: Workload, told: Disruption | undefined, through: 'webhook' | 'template'): number;
  /** Pods are being replaced for what the workload's annotations say. */
  began(workload: Workload): void;
  /** What began last was not done. */
  notDone(workload: Workload): void;
  /** What began last in this process. */
  last(workload: Workload): Disruption | undefined;
}

interface Change {
  readonly at: number;
  /** What the annotations said. */
  readonly said: string;
}

/** @param now milliseconds since 1970 */
export function createCooldown(cooldownMs: number, now: () => number): Cooldown {
  const begun = new Map<string, Change & { readonly before?: Change }>();
  const idOf = (workload: Workload) => `${workloadKey(workload)}/${workload.metadata.uid}`;
  const lastOf = (workload: Workload): Disruption | undefined => {
    const change = begun.get(idOf(workload));
    return change && { at: formatInstant(change.at / 1000), said: change.said };
  };
  return {
    waitMs(workload, told, through) {
      // A change of the template is one by itself; what was not applied may be tried again.
      const last = through === 'template' ? told : later(told, lastOf(workload));
      const isSameChange = through === 'webhook' && last?.said === saidOf(workload);
      return !last || isSameChange ? 0 : Math.max(0, Date.parse(last.at) + cooldownMs - now());
    },
    began(workload) {
      for (const [id, { at }] of begun) if (now() - at > cooldownMs) begun.delete(id);
      const last = begun.get(idOf(workload));
      const before = last ? { before: { at: last.at, said: last.said } } : {};
      begun.set(idOf(workload), { at: now(), said: saidOf(workload), ...before });
    },
    notDone(workload) {
      const { before } = begun.get(idOf(workload)) ?? {};
      if (before) begun.set(idOf(workload), before);
      else begun.delete(idOf(workload));
    },
    last: lastOf,
  };
}

/** That pods of a workload are replaced now for what its annotations say. @param now seconds since 1970 */
export function disruptionNow(workload: Pick<Workload, 'metadata'>, now: number): Disruption {
  return { at: formatInstant(now), said: saidOf(workload) };
}

export function later(a: Disruption | undefined, b: Disruption | undefined): Disruption | undefined {
  return a === undefined || (b !== undefined && b.at > a.at) ? b : a;
}

function saidOf({ metadata: { annotations } }: Pick<Workload, 'metadata'>): string {
  return hashOf([...readRecommendations(annotations)].sort(([a], [b]) => (a < b ? -1 : 1)));
}
