/**
 * One replica of an operator that keeps writing: it counts in every ConfigMap of its namespace that is labelled `count`, 50 times a second at most.
 *
 *   main.ts NAMESPACE IDENTITY
 *
 * SIGUSR2 has it stand still, as SIGSTOP does, when it has made up its mind and is about to write. KUBECONFIG is how it reaches the Lease and reads, WRITES_KUBECONFIG how it writes.
 */
import { ConfigMap } from 'optipod/kube';
import {
  createClient,
  createController,
  createInformer,
  createLeaderElection,
  createLogger,
  createManager,
  isConflict,
  loadClusterConfig,
  runProcess,
} from '@optipod/operator/runtime';
import { TIMES } from './times.js';

const [namespace = 'default', identity = 'me'] = process.argv.slice(2);

let standStill = false;
process.on('SIGUSR2', () => (standStill = true));

await runProcess(async (signal) => {
  const log = createLogger();
  const options = { log, userAgent: identity };
  const reader = createClient(await loadClusterConfig(), options);
  const leaderElection = createLeaderElection({
    client: reader,
    namespace,
    name: 'replicas',
    identity,
    ...TIMES,
  });
  const client = createClient(await loadClusterConfig({ env: { KUBECONFIG: process.env.WRITES_KUBECONFIG } }), {
    ...options,
    beforeWrite: leaderElection.fence,
  });
  const counted = createInformer(reader, ConfigMap, { namespace, labelSelector: 'count', metadataOnly: true });
  const controller = createController({
    name: 'count',
    concurrency: 4,
    async reconcile(name, { signal: inTime }) {
      const ref = { namespace, name };
      const { metadata, data } = await reader.get(ConfigMap, ref, { signal: inTime });
      const { uid, resourceVersion } = metadata;
      const body = {
        metadata: { uid, resourceVersion },
        data: { count: String(Number(data?.count ?? 0) + 1), [identity]: String(Number(data?.[identity] ?? 0) + 1) },
      };
      if (standStill) {
        standStill = false;
        process.kill(process.pid, 'SIGSTOP');
      }
      try {
        await client.patch(ConfigMap, ref, body, { type: 'merge', signal: inTime });
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
      return { requeueAfterMs: 20 };
    },
  });
  counted.onEvent(({ type, object }) => {
    if (type === 'added') controller.enqueue(object.metadata.name);
  });
  const manager = createManager({ log, client, leaderElection });
  manager.add(counted, controller);
  await manager.run(signal);
});
