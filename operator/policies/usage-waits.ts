import { durationOf } from 'optipod/kube';
import { policyKey, type ValidPolicy } from '../cluster.js';
import { systemClock, type Clock } from '../runtime/index.js';
import type { UsageCollector } from '../usage/collector.js';

interface Wait {
  /** What is waited for, as text. */
  readonly wanted: string;
  is: 'short' | 'long' | 'over';
}

/** How long a policy waits without a word: as long as most readings take, after a start among others. */
const PATIENCE_MS = 10_000;

/** Policies that wait for usage. None of them holds a worker, which others need whose provider is quick. */
export class UsageWaits {
  readonly #byPolicy = new Map<string, Wait>();
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Whether a policy has to wait until these namespaces are read as far back as its window reaches, or that failed, and for long
   * already; not for ever.
   * @param collector of the policy's provider
   * @param evaluateSoon called when it need not any more, and once when it is long
   * @returns undefined where it need not wait
   */
  waitOf(
    policy: ValidPolicy,
    namespaces: readonly string[],
    collector: Pick<UsageCollector, 'failureOf' | 'isCovered' | 'whenCovered'>,
    evaluateSoon: (key: string, afterMs: number) => void,
  ): 'short' | 'long' | undefined {
    const key = policyKey(policy);
    const { provider, rollingWindow } = policy.spec.metricsConfig;
    const windowMs = durationOf(rollingWindow);
    if (collector.failureOf(namespaces, windowMs) || collector.isCovered(namespaces, windowMs)) {
      this.#byPolicy.delete(key);
      return undefined;
    }
    const wanted = JSON.stringify([policy.metadata.uid, provider, rollingWindow, namespaces]);
    const before = this.#byPolicy.get(key);
    if (before?.wanted === wanted) {
      if (before.is !== 'over') return before.is;
      this.#byPolicy.delete(key);
      return undefined;
    }
    const wait: Wait = { wanted, is: 'short' };
    this.#byPolicy.set(key, wait);
    const become = (is: Wait['is']) => {
      wait.is = is;
      // Else it waits for something else by now, or nobody is left to.
      if (this.#byPolicy.get(key) === wait) evaluateSoon(key, 0);
    };
    const cancel = this.#clock.after(PATIENCE_MS, () => become('long'));
    void collector.whenCovered(namespaces, windowMs).then(() => {
      cancel();
      become('over');
    });
    return 'short';
  }

  /** By `<namespace>/<name>`: the policy is gone, or wants nothing any more. */
  delete(key: string): void {
    this.#byPolicy.delete(key);
  }
}
