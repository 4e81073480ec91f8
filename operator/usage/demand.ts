import { durationOf } from 'optipod/kube';
import { policyKey, type Cluster, type ValidPolicy } from '../cluster.js';
import type { MetricsProvider } from '../metrics/reading.js';

type ProviderName = MetricsProvider['name'];

interface Wanted {
  readonly provider: ProviderName;
  readonly windowMs: number;
  readonly namespaces: readonly string[];
}

/** What the policies want to know of usage: from which provider, of which namespaces, and how far back. */
export class UsageDemand {
  readonly #cluster: Cluster;
  readonly #byPolicy = new Map<string, Wanted>();
  #isPrimed = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @param namespaces of the workloads that the policy governs */
  set(policy: ValidPolicy, namespaces: readonly string[]): void {
    this.#prime();
    const { provider, rollingWindow } = policy.spec.metricsConfig;
    this.#byPolicy.set(policyKey(policy), { provider, windowMs: durationOf(rollingWindow), namespaces });
  }

  /** By `<namespace>/<name>`: the policy is gone, or wants nothing any more. */
  delete(key: string): void {
    this.#byPolicy.delete(key);
  }

  /** The different windows by namespace, in milliseconds. */
  of(provider: ProviderName): ReadonlyMap<string, readonly number[]> {
    this.#prime();
    const windows = new Map<string, Set<number>>();
    for (const wanted of this.#byPolicy.values()) {
      if (wanted.provider !== provider) continue;
      for (const namespace of wanted.namespaces) {
        windows.set(namespace, (windows.get(namespace) ?? new Set()).add(wanted.windowMs));
      }
    }
    return new Map(Array.from(windows, ([namespace, all]) => [namespace, [...all]]));
  }

  /** After a start, what all policies want is read together; one after the other they would ask again and again. */
  #prime(): void {
    if (this.#isPrimed) return;
    this.#isPrimed = true;
    const governed = new Map<ValidPolicy, Set<string>>();
    for (const workload of this.#cluster.workloads()) {
      const policy = this.#cluster.governor(workload);
      if (!policy) continue;
      const namespaces = governed.get(policy) ?? new Set();
      governed.set(policy, namespaces.add(workload.metadata.namespace));
    }
    for (const [policy, namespaces] of governed) this.set(policy, [...namespaces].sort());
  }
}
