import { electionTimes, type ElectionSettings } from '../../lib/kube/index.js';
import {
  checkAuthorization,
  checkClientCertificate,
  OPERATOR_SETTINGS,
  type GivenCredentials,
} from '../../lib/optipod/index.js';
import { settingValue } from './setting-value.js';

/** What an installation tells its operator. */
export interface ToldOperator {
  /** By the names of the settings, as they were written. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** By the names of the settings that come from them. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly replicas: number;
}

/**
 * Settings that are right each by itself must also go together, as the operator will find when it starts; some of them only
 * with a number of pods.
 * @returns whether the pods agree on one that works
 * @throws Error naming what does not go together
 */
export function checkTogether(told: ToldOperator): { readonly elects: boolean } {
  const { settings, files, replicas } = told;
  const elects = valueOf('leaderElect', settings) === true;
  if (elects) {
    electionTimes({
      leaderElectLeaseDuration: valueOf('leaderElectLeaseDuration', settings),
      leaderElectRenewDeadline: valueOf('leaderElectRenewDeadline', settings),
      leaderElectRetryPeriod: valueOf('leaderElectRetryPeriod', settings),
    } as ElectionSettings);
  } else if (replicas > 1) {
    throw new Error(
      `operatorReplicas: ${replicas} pods would all work at once with leaderElect: false in operatorSettings; ` +
        'it must be 1 then',
    );
  }
  const given = { ...settings, ...files };
  checkCredentials('prometheus', given);
  // Without its URL that provider is not there.
  if (given.customUrl !== undefined) checkCredentials('custom', given);
  return { elects };
}

function valueOf(name: keyof typeof OPERATOR_SETTINGS, settings: ToldOperator['settings']): unknown {
  return settingValue(OPERATOR_SETTINGS, name, 'operatorSettings', settings);
}

function checkCredentials(prefix: 'prometheus' | 'custom', given: Readonly<Record<string, unknown>>): void {
  const credentials: GivenCredentials = {
    username: given[`${prefix}Username`],
    password: given[`${prefix}Password`],
    token: given[`${prefix}Token`],
    certFile: given[`${prefix}CertFile`],
    keyFile: given[`${prefix}KeyFile`],
  };
  try {
    checkAuthorization(credentials);
    checkClientCertificate(credentials);
  } catch (error) {
    throw new Error(`of the settings that begin with ${prefix}, ${(error as Error).message}`, { cause: error });
  }
}
