/** `optipod`: OptiPod's objects as cdk8s constructs, and the types of its API. */
export type * from '../imports/types/optimization-policy.js';
export { OptimizationPolicy, type OptimizationPolicyProps } from './optimization-policy.js';
