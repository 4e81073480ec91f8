export * from './annotations.js';
export * from './optimization-policy.js';
export * from './policy.js';
