import { electionTimes, type CONTROLLERS_SETTINGS, type Settings } from 'optipod/kube';
import { type ClientOptions, type KubeClient, createClient } from './client.js';
import type { ClusterConfig } from './config.js';
import { type LeaderElection, createLeaderElection } from './leader-election.js';

export interface ElectedClient {
  /** Writes only while this process leads, where there is an election. */
  readonly client: KubeClient;
  /** For the manager; undefined where the settings want none. */
  readonly leaderElection: LeaderElection | undefined;
}

/**
 * The client of an operator's controllers, and the election by a Lease that decides whether they may write.
 * @throws RangeError naming the setting, for times that do not fit each other
 */
export function createElectedClient(
  config: ClusterConfig,
  settings: Settings<typeof CONTROLLERS_SETTINGS>,
  { name, ...options }: Omit<ClientOptions, 'beforeWrite'> & { readonly name: string },
): ElectedClient {
  if (!settings.leaderElect) return { client: createClient(config, options), leaderElection: undefined };
  const leaderElection = createLeaderElection({
    ...electionTimes(settings),
    // Of its own: the writes of the election cannot wait for its outcome.
    client: createClient(config, options),
    namespace: settings.namespace ?? config.namespace,
    name,
  });
  return { client: createClient(config, { ...options, beforeWrite: leaderElection.fence }), leaderElection };
}
