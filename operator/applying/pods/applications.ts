import { wordingOf, type Application } from 'optipod/lib/recommend';

/** What came of running pods. Without a reason there is nothing to say of them but what is said of new ones. */
export interface PodsApplication extends Partial<Application> {
  /** Since when pods are born with it, as far as is known: seconds since 1970. */
  readonly since?: number;
}

/** What is to be told of each workload: the pass over its policy asks here. */
export class PodsApplications {
  readonly #byWorkload = new Map<string, PodsApplication>();

  of(key: string): PodsApplication | undefined {
    return this.#byWorkload.get(key);
  }

  /** @returns whether a reader would notice */
  set(key: string, application: PodsApplication): boolean {
    const before = this.#byWorkload.get(key);
    this.#byWorkload.set(key, application);
    return (
      before?.reason !== application.reason ||
      before?.applied !== application.applied ||
      before?.at !== application.at ||
      wordingOf(before?.message ?? '') !== wordingOf(application.message ?? '')
    );
  }

  /** @returns whether there was something that a reader would miss */
  forget(key: string): boolean {
    const before = this.#byWorkload.get(key);
    this.#byWorkload.delete(key);
    return before?.reason !== undefined;
  }
}
