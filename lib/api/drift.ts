import type { OptimizationPolicySpec, OptimizationPolicySpecInput } from '../../imports/types/optimization-policy.js';
import type {
  WorkloadRecommendationSpec,
  WorkloadRecommendationStatus,
} from '../../imports/types/workload-recommendation.js';
import type { AsDefaulted, AsWritten } from '../kube/index.js';
import type { definition } from './optimization-policy.js';
import type { workloadRecommendation } from './workload-recommendation.js';

/*
 * The compiler's check that the generated types are those of the definition, in both directions. A line below that does not
 * compile says: run `npm run generate`.
 */

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Holds<Check extends true> = Check;

type Spec = (typeof definition)['spec'];

export type SpecIsCurrent = Holds<Same<AsDefaulted<Spec>, OptimizationPolicySpec>>;
export type SpecInputIsCurrent = Holds<Same<AsWritten<Spec>, OptimizationPolicySpecInput>>;

type Recommendation = typeof workloadRecommendation;

export type RecommendationIsCurrent = Holds<Same<AsDefaulted<Recommendation['spec']>, WorkloadRecommendationSpec>>;
export type ExplanationIsCurrent = Holds<Same<AsDefaulted<Recommendation['status']>, WorkloadRecommendationStatus>>;
