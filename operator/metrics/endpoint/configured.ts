import { settingNames } from 'optipod/kube';
import { SETTINGS_PREFIX } from 'optipod/lib/optipod';
import { messageOf } from '../../runtime/index.js';
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.js';

/**
 * An endpoint as settings describe it, whose errors name them.
 * @param prefix of the settings that the options come from: `prometheus` for `prometheusToken`
 * @throws Error naming the settings that contradict each other
 */
export function configuredEndpoint(
  prefix: 'prometheus' | 'custom',
  options: Omit<EndpointOptions, 'settingName'>,
): Endpoint {
  const settingName: EndpointOptions['settingName'] = (option) =>
    settingNames(`${prefix}${option.charAt(0).toUpperCase()}${option.slice(1)}`, SETTINGS_PREFIX).env;
  try {
    return createEndpoint({ ...options, settingName });
  } catch (error) {
    throw new Error(`of the settings that begin with ${prefix}, ${messageOf(error)}`, { cause: error });
  }
}
