export * from './annotations.js';
export * from './optimization-policy.js';
export * from './policy.js';
export * from './workload-recommendation.js';
