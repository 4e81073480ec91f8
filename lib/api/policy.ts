import type { OptimizationPolicy as OptimizationPolicyObject } from '../../imports/types/optimization-policy.js';
import { validatorOf, type FieldError, type ObjectMeta, type Subject } from '../kube/index.js';
import { OptimizationPolicy } from './optimization-policy.js';
import { WorkloadRecommendation } from './workload-recommendation.js';

/** A policy as the operator holds it: one that can be worked with, or what is wrong with it. */
export type StoredPolicy =
  | { readonly valid: true; readonly metadata: ObjectMeta; readonly object: OptimizationPolicyObject }
  | {
      readonly valid: false;
      readonly metadata: ObjectMeta;
      readonly errors: readonly FieldError[];
      readonly object: OptimizationPolicyObject;
    };

/** The one rulebook of policies: what kube-apiserver refuses is refused here, in the same words. */
export const policyValidator = validatorOf(OptimizationPolicy);

/** Which objects it is about. */
export const POLICY_SUBJECT: Subject = { resource: OptimizationPolicy, siblings: [WorkloadRecommendation.kind] };

/** Reads a policy from the API: what was stored under an older schema may not fit this one. */
export function readPolicy(object: OptimizationPolicyObject): StoredPolicy {
  const { metadata } = object;
  const errors = policyValidator.validate(object, { unknownFields: 'ignore' });
  if (errors.length > 0) return { valid: false, metadata, errors, object };
  return { valid: true, metadata, object: policyValidator.withDefaults(object) as OptimizationPolicyObject };
}
