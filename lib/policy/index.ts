export * from './selection.js';
