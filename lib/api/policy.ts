import type { OptimizationPolicy as OptimizationPolicyObject } from '../../imports/types/optimization-policy.js';
import { parseDuration, parseQuantity, structureOf, type FieldError, type ObjectMeta } from '../kube/index.js';
import { OptimizationPolicy } from './optimization-policy.js';

/** A policy as the operator holds it: one that can be worked with, or what is wrong with it. */
export type StoredPolicy =
  | { readonly valid: true; readonly metadata: ObjectMeta; readonly object: OptimizationPolicyObject }
  | {
      readonly valid: false;
      readonly metadata: ObjectMeta;
      readonly errors: readonly FieldError[];
      readonly object: OptimizationPolicyObject;
    };

const structure = structureOf(OptimizationPolicy);

/** Reads a policy from the API: what was stored under an older schema may not fit this one. */
export function readPolicy(object: OptimizationPolicyObject): StoredPolicy {
  const { metadata } = object;
  const broken = structure(object);
  const errors = broken.length > 0 ? broken : unreadableValues(object.spec);
  return errors.length === 0 ? { valid: true, metadata, object } : { valid: false, metadata, errors, object };
}

/** What a structure cannot tell: quantities and durations are strings to it. */
function unreadableValues(spec: OptimizationPolicyObject['spec']): FieldError[] {
  const errors: FieldError[] = [];
  for (const resource of ['cpu', 'memory'] as const) {
    for (const end of ['min', 'max'] as const) {
      const value = spec.resourceBounds[resource][end];
      const quantity = parseQuantity(value);
      if (quantity && quantity.nanos > 0n) continue;
      const message = `${JSON.stringify(value)} is no quantity greater than zero, such as 500m, 2 or 1Gi`;
      errors.push({ path: `spec.resourceBounds.${resource}.${end}`, message });
    }
  }
  const durations = {
    'spec.metricsConfig.rollingWindow': spec.metricsConfig.rollingWindow,
    'spec.reconciliationInterval': spec.reconciliationInterval,
  };
  for (const [path, value] of Object.entries(durations)) {
    if (parseDuration(value) === undefined) {
      errors.push({ path, message: `${JSON.stringify(value)} is no duration, such as 90s, 12h or 7d` });
    }
  }
  return errors;
}
