import { lastRecommendation, readRecommendations } from 'optipod/lib/api';
import { workloadKey, type Workload } from '../../workloads/workload.js';

/** Time between two changes that replace pods of one workload. */
export interface Cooldown {
  /**
   * Milliseconds until pods may be replaced again; 0 where they may. Those of one recommendation are one change, however many
   * pods it takes.
   * @param lastApplied of its WorkloadRecommendation, RFC 3339: what is known across restarts
   */
  waitMs(workload: Workload, lastApplied: string | undefined, through: 'webhook' | 'template'): number;
  /** Pods are being replaced for what the workload's annotations say. */
  began(workload: Workload): void;
  /** What began last was not done. */
  notDone(workload: Workload): void;
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
  return {
    waitMs(workload, lastApplied, through) {
      const applied = instant(lastApplied);
      // A change of the template is one by itself; what was not applied may be tried again.
      if (through === 'template') return Math.max(0, applied + cooldownMs - now());
      const before = begun.get(idOf(workload));
      const left = Math.max(applied, before?.at ?? Number.NEGATIVE_INFINITY) + cooldownMs - now();
      if (left <= 0) return 0;
      const isSameChange = before
        ? before.said === saidOf(workload)
        : instant(lastRecommendation(workload.metadata.annotations)) <= applied;
      return isSameChange ? 0 : left;
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
  };
}

function saidOf({ metadata: { annotations } }: Workload): string {
  return JSON.stringify([...readRecommendations(annotations)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function instant(text: string | undefined): number {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
}
