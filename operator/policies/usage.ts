import { durationOf } from 'optipod/kube';
import type { ContainerUsage } from 'optipod/lib/usage';
import { resizableContainers } from 'optipod/lib/pod';
import { policyKey, type ValidPolicy } from '../cluster.js';
import { ProviderError } from '../metrics/provider.js';
import type { UsageCollector } from '../usage/collector.js';
import type { UsageSources } from '../usage/usage.js';
import type { Workload } from '../workloads/workload.js';
import type { UsageWaits } from './usage-waits.js';

/** Usage up to an instant: seconds since 1970. */
export interface UsageAt {
  readonly at: number;
  of(workload: Workload): ReadonlyMap<string, ContainerUsage>;
  readonly failure?: undefined;
}

export type UsageRead = UsageAt | { readonly failure: ProviderError } | { readonly failure: 'isBeingRead' };

export interface UsageAccess extends Pick<UsageSources, 'collectors' | 'demand'> {
  readonly waits: UsageWaits;
}

const NOT_CONFIGURED: Readonly<Record<ValidPolicy['spec']['metricsConfig']['provider'], string>> = {
  prometheus: 'the operator has no Prometheus: set OPTIPOD_PROMETHEUS_URL',
  'metrics-server': 'the operator was built without the provider metrics-server',
  custom: 'the operator has no custom provider: set OPTIPOD_CUSTOM_URL, or plug one in',
};

/**
 * Usage of the workloads that a policy governs, where it is known as far back as the policy asks. Else the policy is evaluated
 * again when it is.
 * @returns undefined where it waits for that, not for so long yet that anybody would want to know
 */
export function readUsage(
  policy: ValidPolicy,
  governed: readonly Workload[],
  { collectors, demand, waits }: UsageAccess,
  {
    nowSeconds,
    evaluateSoon,
  }: { readonly nowSeconds: number; readonly evaluateSoon: (key: string, afterMs?: number) => void },
): UsageRead | undefined {
  const { provider, rollingWindow } = policy.spec.metricsConfig;
  const namespaces = [...new Set(governed.map(({ metadata }) => metadata.namespace))].sort();
  demand.set(policy, namespaces);
  const collector = collectors[provider];
  if (!collector) return { failure: new ProviderError('ProviderNotConfigured', NOT_CONFIGURED[provider]) };
  if (namespaces.length === 0) return { at: nowSeconds, of: () => new Map<string, ContainerUsage>() };
  const wait = waits.waitOf(policy, namespaces, collector, evaluateSoon);
  if (wait) return wait === 'long' ? { failure: 'isBeingRead' } : undefined;
  const windowMs = durationOf(rollingWindow);
  const failure = collector.failureOf(namespaces, windowMs);
  if (failure) return { failure };
  const at = collector.coveredTo(namespaces);
  if (at === undefined) {
    // Read, and to be read anew before anybody looked: the clock was set back.
    evaluateSoon(policyKey(policy));
    return { failure: 'isBeingRead' };
  }
  return { at, of: (workload) => usageOf(collector, workload, windowMs, at) };
}

function usageOf(
  collector: UsageCollector,
  { kind, metadata: { namespace, name: workload }, pod }: Workload,
  windowMs: number,
  at: number,
): ReadonlyMap<string, ContainerUsage> {
  return new Map(
    resizableContainers(pod).map(({ container: { name: container } }) => [
      container,
      collector.usageOf({ namespace, kind, workload, container }, windowMs, at),
    ]),
  );
}
