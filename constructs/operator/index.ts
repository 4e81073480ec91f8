export * from './crds.js';
export * from './rbac.js';
export * from './rights.js';
export * from './webhook-configuration.js';
