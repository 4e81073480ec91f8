export * from './advice.js';
export * from './reach.js';
export * from './selection.js';
export * from './unsupported.js';
