import { annotationManagers } from 'optipod/lib/apply';
import type { KubeObject } from 'optipod/kube';
import type { EventRecorder } from '../runtime/index.js';
import { onWorkload } from './on-workload.js';
import type { Workload } from './workload.js';

/** Being put back so often within an hour is a tug of war. */
const TUG_OF_WAR = 2;
const HOUR_MS = 3_600_000;

export interface LeftoversOptions {
  readonly event: EventRecorder['event'];
  /** Milliseconds that annotations are left to whoever puts them back. */
  readonly conflictHoldoff: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Annotations of OptiPod's that another field manager says, so that no apply of OptiPod's removes them: of a workload that was made
 * from the YAML of another, or that somebody wrote them on. They are removed by force, but not without end: what Git has comes back
 * with each sync. It is in no need of outliving the process: what it forgets is removed twice more.
 */
export class Leftovers {
  readonly #options: LeftoversOptions;
  /** When an annotation was removed, by UID and key, as far as that matters. */
  readonly #removals = new Map<string, readonly number[]>();

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** Whether an annotation is left to whoever puts it back. */
  isConceded({ metadata: { uid } }: Workload, key: string): boolean {
    const removals = this.#removals.get(nameOf(uid, key)) ?? [];
    return removals.length >= TUG_OF_WAR && this.#matters(removals);
  }

  /** Annotations were removed. @param from the object that had them */
  removed(workload: Workload, keys: readonly string[], { metadata }: Pick<KubeObject, 'metadata'>): void {
    const { event, now } = this.#options;
    for (const [name, removals] of this.#removals) if (!this.#matters(removals)) this.#removals.delete(name);
    for (const key of keys) {
      const name = nameOf(workload.metadata.uid, key);
      const lately = (this.#removals.get(name) ?? []).filter((at) => at > now() - HOUR_MS);
      this.#removals.set(name, [...lately, now()]);
    }
    const again = keys.filter((key) => this.isConceded(workload, key));
    if (again.length === 0) return;
    const who = annotationManagers(metadata.managedFields, again).join(', ') || 'somebody';
    const message =
      `${who} puts back what OptiPod removes: ${again.join(', ')}; should it come again, it is left there for hours: ` +
      'take the annotations of OptiPod out of what is applied, such as what Git has';
    event(onWorkload(workload), { type: 'Warning', reason: 'SSAConflict', message });
  }

  #matters(removals: readonly number[]): boolean {
    const { now, conflictHoldoff } = this.#options;
    const last = removals.at(-1) ?? -Infinity;
    return now() - last < (removals.length >= TUG_OF_WAR ? conflictHoldoff : HOUR_MS);
  }
}

function nameOf(uid: string, key: string): string {
  return `${uid} ${key}`;
}
