import { OomKills, type ContainerRecord, type RecordedOomKill, type WorkloadContainer } from 'optipod/lib/usage';

/** What was killed for want of memory, by container: it says the same whatever order it is told in. */
export class KillMemory {
  readonly #kills = new Map<string, { readonly of: WorkloadContainer; readonly kills: OomKills }>();

  /** @returns whether that is news */
  add(of: WorkloadContainer, kill: RecordedOomKill): boolean {
    const key = `${of.kind}/${of.namespace}/${of.workload}/${of.container}`;
    const known = this.#kills.get(key) ?? { of, kills: new OomKills() };
    this.#kills.set(key, known);
    return known.kills.add(kill);
  }

  /** Everything that is remembered. */
  get records(): ContainerRecord[] {
    return Array.from(this.#kills.values(), ({ of, kills }) => ({ ...of, series: [], peaks: [], oomKills: kills.all }));
  }

  /** @param before seconds since 1970 */
  forget(before: number): void {
    for (const [key, { kills }] of this.#kills) {
      kills.forget(before);
      if (kills.all.length === 0) this.#kills.delete(key);
    }
  }
}
