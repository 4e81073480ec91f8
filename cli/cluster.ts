import { createClient, type KubeClient } from '../operator/runtime/client.js';
import { loadClusterConfig } from '../operator/runtime/config.js';
import { messageOf } from '../operator/runtime/errors.js';
import { Refused } from './refused.js';

/**
 * Does something with the cluster of the current kubeconfig, or of another context of it, with the user's own rights.
 * @throws Refused where there is none, or it does not answer
 */
export async function inCluster<T>(context: string | undefined, work: (client: KubeClient) => Promise<T>): Promise<T> {
  const config = await loadClusterConfig(context === undefined ? {} : { context }).catch((error: unknown) => {
    throw new Refused(messageOf(error));
  });
  const client = createClient(config, { userAgent: 'optipod' });
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(messageOf(error));
  } finally {
    await client.close();
  }
}
