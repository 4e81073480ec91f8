export type { CertificateProps, IssuerRef } from './certificate.js';
export * from './crds.js';
export * from './operator.js';
export type { OperatorProps } from './options.js';
export type { Affinity, PodProps, ProcessProps, SettingsFile, Toleration } from './pods.js';
export * from './rbac.js';
export * from './rights.js';
export type { ServiceMonitorProps } from './service-monitor.js';
export * from './webhook-configuration.js';
