/** `optipod`: OptiPod's objects as cdk8s constructs, and the types of its API. */
export type * from '../imports/types/optimization-policy.js';
export type { CpuQuantity, DurationGiven, MemoryQuantity } from './given.js';
export { CustomResource, type CustomResourceProps } from './operator/custom-resource.js';
export {
  OptimizationPolicy,
  type NamespaceName,
  type OptimizationPolicyManifest,
  type OptimizationPolicyProps,
} from './optimization-policy.js';
export type { WorkloadKind } from './selection.js';
// The name of a package in cdk8s.yaml stands for its root.
export { OptiPodValidation } from './validation.js';
