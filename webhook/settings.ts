import {
  parsers,
  readSettings,
  type Settings,
  type SettingSources,
  type SettingsTable,
} from '@optipod/operator/runtime';

const { choice, duration, integer, string } = parsers;
const port = integer({ min: 0, max: 65_535 });

/** Everything about the webhook that can be set: `OPTIPOD_…` in the environment, or a flag. */
export const WEBHOOK_SETTINGS = {
  namespace: { parser: string, description: "The webhook's own namespace. Default: that of its service account." },
  port: { parser: port, default: '9443', description: 'Port of the admission server (HTTPS).' },
  healthPort: { parser: port, default: '8080', description: 'Port of /healthz, /readyz and /metrics.' },
  drain: {
    parser: duration,
    default: '5s',
    description: 'How long to go on serving after the stop: until kube-apiserver sends no more requests here.',
  },
  logLevel: {
    parser: choice('trace', 'debug', 'info', 'warn', 'error'),
    default: 'info',
    description: 'The least severe lines that are logged.',
  },
} as const satisfies SettingsTable;

export type WebhookSettings = Settings<typeof WEBHOOK_SETTINGS>;

/** @throws Error naming the setting that is wrong. */
export function webhookSettings(sources: SettingSources): WebhookSettings {
  return readSettings(WEBHOOK_SETTINGS, { ...sources, prefix: 'OPTIPOD_' });
}
