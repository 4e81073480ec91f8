import type {
  WorkloadRecommendation,
  WorkloadRecommendationStatus,
} from '../../imports/types/workload-recommendation.js';
import { nextConditions, type ConditionNow } from '../kube/index.js';
import { formatInstant } from './span.js';

const REASON = 'NoPolicy';

/**
 * What is told of a workload that no policy is about any more while its template still has what OptiPod wrote there: that, what
 * it said before, and how to put that back.
 * @param now seconds since 1970
 */
export function leftStatus(
  { spec, status }: Pick<WorkloadRecommendation, 'spec' | 'status'>,
  now: number,
): WorkloadRecommendationStatus {
  const { applying, lastApplied, conditions } = status ?? {};
  const { kind, name } = spec.workload;
  const message = 'no policy is about this workload any more; its template keeps what OptiPod wrote there';
  const said: ConditionNow[] = [
    { type: 'Recommended', status: 'False', reason: REASON, message },
    { type: 'Applied', status: 'False', reason: REASON, message: `${message}; optipod restore puts back what it had` },
  ];
  return {
    containers: [],
    summary: { workload: `${kind}/${name}`, cpu: '', memory: '', state: 'Released', reason: REASON },
    applying: {
      ...(applying?.originals ? { originals: applying.originals } : {}),
      ...(applying?.applied ? { applied: applying.applied } : {}),
      released: applying?.released ?? formatInstant(now),
    },
    ...(lastApplied === undefined ? {} : { lastApplied }),
    conditions: nextConditions(conditions, said, formatInstant(now)),
  };
}
