export * from './autoscaler-objects.js';
export * from './autoscalers.js';
export * from './breaker.js';
export * from './course.js';
export * from './newborn.js';
export * from './resource-managers.js';
export * from './rollout.js';
export * from './stop.js';
