import type { ObjectMeta } from 'optipod/kube';
import type { WorkloadRecommendation } from 'optipod/lib/api';
import type { matchedWorkloads } from 'optipod/lib/policy';
import { storedWantedAmounts, type WantedAmount } from 'optipod/lib/recommend';
import type { Informer } from '@optipod/operator/runtime';

/** What the webhook keeps of a WorkloadRecommendation: whose it is, and what usage asks for. */
export interface WantedByWorkload {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion'>;
  /** `<kind>/<name>`. */
  readonly workload: string;
  readonly wanted: readonly WantedAmount[];
}

type Stored = NonNullable<(typeof WorkloadRecommendation)['objects']>;

/** The projection of WorkloadRecommendations on their way into the cache. */
export function wantedByWorkload({ metadata, spec, status }: Stored): WantedByWorkload {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    metadata: { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) },
    workload: `${spec.workload.kind}/${spec.workload.name}`,
    wanted: storedWantedAmounts(status ? { status } : {}),
  };
}

/** What usage of some workloads asks for, as far as it was ever told. */
export function wantedOf(
  recommendations: Pick<Informer<WantedByWorkload>, 'list'>,
  workloads: ReturnType<typeof matchedWorkloads>,
): WantedAmount[] {
  return [...workloads].flatMap(([namespace, matched]) => {
    const names = new Set(matched.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    return recommendations.list(namespace).flatMap(({ workload, wanted }) => (names.has(workload) ? wanted : []));
  });
}
