export type * from './preset.js';
export * from './presets.js';
