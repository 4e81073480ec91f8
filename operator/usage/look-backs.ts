import type { ProviderError } from '../metrics/provider.js';
import type { Backoff } from '../runtime/index.js';
import type { Demand } from './read-plan.js';

interface FailedLook {
  /** How far back it was to reach, in seconds. What reaches less far may succeed. */
  readonly window: number;
  readonly error: ProviderError;
  /** Whether it is not to be tried again yet. */
  readonly isHeld: boolean;
}

/**
 * Looks into the past that failed, by namespace: they are the failure of nobody but who asks for that past. All are tried again
 * together, after a growing pause, so that what they cost follows neither the number of policies nor how often one is evaluated.
 */
export class LookBacks {
  readonly #failed = new Map<string, FailedLook>();
  readonly #backoff: Backoff;
  /** When they are tried again, by a clock of milliseconds. */
  #due = Infinity;

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
  }

  get due(): number {
    return this.#due;
  }

  /** What failed, as one text each. */
  get failing(): readonly string[] {
    return Array.from(this.#failed, ([namespace, { window }]) => `${namespace}/${window}`).sort();
  }

  /** Why a namespace is not known as far back as a window. */
  failureOf(namespace: string, window: number): ProviderError | undefined {
    const failed = this.#failed.get(namespace);
    return failed && window >= failed.window ? failed.error : undefined;
  }

  /** A turn begins. What nobody asks for any more is no failure. */
  begin(demand: Demand, now: number): void {
    const isDue = now >= this.#due;
    for (const [namespace, look] of this.#failed) {
      const longest = Math.max(0, ...(demand.get(namespace) ?? []));
      if (longest < look.window) this.#failed.delete(namespace);
      else if (isDue) this.#failed.set(namespace, { ...look, isHeld: false });
    }
    if (isDue) this.#due = Infinity;
  }

  /** Those of some namespaces that may be looked back at within this turn. */
  open(namespaces: readonly string[], window: number): readonly string[] {
    return namespaces.filter((namespace) => {
      const failed = this.#failed.get(namespace);
      return !failed?.isHeld || window < failed.window;
    });
  }

  /** @returns whether that is news */
  failed(namespaces: readonly string[], window: number, error: ProviderError): boolean {
    const isNew = namespaces.some((namespace) => !this.#failed.has(namespace));
    for (const namespace of namespaces) {
      // The same instants are farther back each time they are tried.
      const nearest = Math.min(window, this.#failed.get(namespace)?.window ?? window);
      this.#failed.set(namespace, { window: nearest, error, isHeld: true });
    }
    return isNew;
  }

  /** @returns whether that is news */
  succeeded(namespaces: readonly string[], window: number): boolean {
    const recovered = namespaces.filter((namespace) => this.failureOf(namespace, window) !== undefined);
    for (const namespace of recovered) this.#failed.delete(namespace);
    return recovered.length > 0;
  }

  /** A turn ended. */
  end(now: number): void {
    const isWaiting = [...this.#failed.values()].some(({ isHeld }) => isHeld);
    if (isWaiting && this.#due === Infinity) this.#due = now + this.#backoff.next();
  }
}
