import { ConfigMap, use } from '../kube/index.js';

/** The label of what is kept of a provider's readings, or of OOM kills; its value says of which. */
export const HISTORY_LABEL = 'optipod.io/history';

/** What the names of these objects begin with. */
export const HISTORY_PREFIX = 'optipod-history';

/**
 * Keeping a provider's readings in ConfigMaps of the operator's own namespace. RBAC cannot narrow this to their names: they are
 * not known before, and it has no prefixes.
 * @param provider a DNS label
 */
export function journalUses(provider: string) {
  return {
    index: use(ConfigMap, ['list'], {
      ownNamespace: true,
      metadataOnly: true,
      labelSelector: `${HISTORY_LABEL}=${provider}`,
    }),
    written: use(ConfigMap, ['create'], {
      ownNamespace: true,
      rarely:
        'where a policy goes by a provider that cannot tell of the past, or a container is killed for want of memory',
    }),
    kept: use(ConfigMap, ['get', 'delete'], {
      ownNamespace: true,
      rarely: 'a new installation has nothing to read, and for an hour nothing to delete',
    }),
  };
}
