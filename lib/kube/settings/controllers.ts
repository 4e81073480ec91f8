import { CERTIFICATE_MODES } from '../runtime-uses.js';
import { boolean, choice, duration, integer, string } from './parsers.js';
import type { SettingsTable } from './table.js';

/** What every process of an operator can be told. */
export const PROCESS_SETTINGS = {
  healthPort: {
    parser: integer({ min: 0, max: 65_535 }),
    default: '8080',
    description: 'Port of /healthz, /readyz and /metrics.',
  },
  logLevel: {
    parser: choice('trace', 'debug', 'info', 'warn', 'error'),
    default: 'info',
    description: 'The least severe lines that are logged.',
  },
} as const satisfies SettingsTable;

/** What the process of an operator's controllers can be told, whatever they do. */
export const CONTROLLERS_SETTINGS = {
  namespace: { parser: string, description: "The operator's own namespace. Default: that of its service account." },
  certificateMode: {
    parser: choice(...CERTIFICATE_MODES),
    default: 'self',
    description: "Who keeps the webhook's certificate and kube-apiserver's trust in it; with self, the operator does.",
  },
  leaderElect: {
    parser: boolean,
    default: 'true',
    description:
      'Whether replicas agree on one that works while the others stand by. Without it there must be one only.',
  },
  leaderElectLeaseDuration: {
    parser: duration,
    default: '15s',
    description: 'How long after its last sign of life a leader is replaced. Longer than the renew deadline.',
  },
  leaderElectRenewDeadline: {
    parser: duration,
    default: '10s',
    description: 'How long a leader goes on without renewing its lease. Longer than 1.2 retry periods.',
  },
  leaderElectRetryPeriod: {
    parser: duration,
    default: '2s',
    description: 'How often the leader renews its lease, and the others look at it.',
  },
  ...PROCESS_SETTINGS,
} as const satisfies SettingsTable;

/** What the process of an operator's admission handlers can be told, whatever they do. */
export const ADMISSION_SETTINGS = {
  namespace: { parser: string, description: "The operator's own namespace. Default: that of its service account." },
  port: {
    parser: integer({ min: 0, max: 65_535 }),
    default: '9443',
    description: 'Port of the admission server (HTTPS).',
  },
  certificateSecret: {
    parser: string,
    description:
      'The Secret in its own namespace with the certificate to serve with: tls.crt and tls.key. ' +
      'Default: the one that the operator keeps.',
  },
  drain: {
    parser: duration,
    default: '5s',
    description:
      'How long to go on serving after the stop: until kube-apiserver sends no more requests here. ' +
      'The pod must be given 35 seconds more to end (terminationGracePeriodSeconds), as the manifests do.',
  },
  ...PROCESS_SETTINGS,
} as const satisfies SettingsTable;
