export * from './amount.js';
export * from './annotations.js';
export * from './explanation.js';
export * from './recommend.js';
