export * from './autoscaler-objects.js';
export * from './autoscalers.js';
export * from './course.js';
export * from './resource-managers.js';
