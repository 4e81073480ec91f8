import type { Settings } from 'optipod/kube';
import { SETTINGS_PREFIX, WEBHOOK_SETTINGS } from 'optipod/lib/optipod';
import { readSettings, type SettingSources } from '@optipod/operator/runtime';

export { WEBHOOK_SETTINGS } from 'optipod/lib/optipod';

export type WebhookSettings = Settings<typeof WEBHOOK_SETTINGS>;

/** @throws Error naming the setting that is wrong. */
export function webhookSettings(sources: Pick<SettingSources, 'env' | 'argv'>): WebhookSettings {
  return readSettings(WEBHOOK_SETTINGS, { ...sources, prefix: SETTINGS_PREFIX });
}
