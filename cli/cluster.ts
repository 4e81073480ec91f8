import { createClient } from '../operator/runtime/client.js';
import { loadClusterConfig } from '../operator/runtime/config.js';
import { ApiError, ConnectionError, messageOf } from '../operator/runtime/errors.js';
import type { KubeClient } from '../operator/runtime/client.js';
import { Refused } from './refused.js';

/** Where a cluster is looked for, as kubectl has it. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/**
 * Does something with the cluster of the current kubeconfig context, with the rights of whoever runs this.
 * @throws Refused where there is no such cluster, or it does not let that be done
 */
export async function withCluster<T>(options: ClusterOptions, work: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = await connect(options);
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof ApiError || error instanceof ConnectionError) throw new Refused(error.message);
    throw error;
  } finally {
    await client.close();
  }
}

async function connect(options: ClusterOptions): Promise<KubeClient> {
  try {
    return createClient(await loadClusterConfig(options), { userAgent: 'optipod' });
  } catch (error) {
    throw new Refused(messageOf(error));
  }
}
