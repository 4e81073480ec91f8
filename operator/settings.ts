import type { Settings } from 'optipod/kube';
import { OPERATOR_SETTINGS, SETTINGS_PREFIX } from 'optipod/lib/optipod';
import { readSettings, type SettingSources } from './runtime/index.js';

export { OPERATOR_SETTINGS } from 'optipod/lib/optipod';

export type OperatorSettings = Settings<typeof OPERATOR_SETTINGS>;

/** @throws Error naming the setting that is wrong. */
export function operatorSettings(sources: Pick<SettingSources, 'env' | 'argv'>): OperatorSettings {
  return readSettings(OPERATOR_SETTINGS, { ...sources, prefix: SETTINGS_PREFIX });
}
