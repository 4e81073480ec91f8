import { Deployment, Namespace } from '../../lib/kube/index.js';
import { NAMES, PAUSED_ANNOTATION } from '../../lib/optipod/names.js';
import type { KubeClient } from '../../operator/runtime/client.js';
import { isNotFound } from '../../operator/runtime/errors.js';
import { Refused } from '../refused.js';

/**
 * Stops OptiPod, or lets it go on.
 * @param namespace where it runs
 * @throws Refused where it does not: nobody would hear of it
 */
export async function setPaused(
  client: Pick<KubeClient, 'get' | 'patch'>,
  namespace: string,
  paused: boolean,
): Promise<void> {
  try {
    await client.get(Deployment, { namespace, name: NAMES.operator }, { metadataOnly: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new Refused(
      `OptiPod does not run in the namespace "${namespace}": there is no Deployment "${NAMES.operator}"; ` +
        'give the namespace where it runs with --namespace',
    );
  }
  const annotations = { [PAUSED_ANNOTATION]: paused ? 'true' : null };
  await client.patch(Namespace, { name: namespace }, { metadata: { annotations } }, { type: 'merge' });
}
