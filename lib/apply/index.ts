export * from './course.js';
export * from './resource-managers.js';
export * from './refusals.js';
export * from './resize-plan.js';
export * from './resize-verdict.js';
