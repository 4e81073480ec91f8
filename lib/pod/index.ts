export * from './admitted.js';
export * from './limit-range.js';
export * from './owner.js';
export * from './patch.js';
export * from './pod-level.js';
export * from './qos.js';
export * from './quota.js';
export * from './resizable.js';
export { podTotal } from './total.js';
