export * from './percentile.js';
export * from './pod-owner.js';
export * from './pool.js';
export * from './usage.js';
