export * from './advice.js';
export * from './reach.js';
export * from './selection.js';
