import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleImage } from '../../tools/bundle.js';
import { waitFor, type Cluster } from '../kit/index.js';
import { freePort, giveBack } from '../kit/ports.js';
import { startComponent } from '../kit/process.js';
import { isOk } from '../kit/request.js';
import { OPERATOR_ACCOUNT } from '../support/operator-install.js';
import { imageRuntime } from './image-runtime.js';
import { cpuMsOf, peakMiBOf } from './process-usage.js';

/** The operator's program as it is in the image, on the Node.js that is there, in a process of its own. */
export interface ShippedOperator {
  /** Milliseconds on a processor so far. */
  cpuMs(): number;
  /** The most that it had resident so far. */
  peakMiB(): number;
  stop(): Promise<void>;
}

/** A pod's service account where a pod has it: a kubeconfig would load a client of 90 MB, which no pod loads. */
const AS_IN_A_POD = `
mount -t tmpfs tmpfs /run
mkdir /run/secrets /run/secrets/kubernetes.io
cp -r "$1" /run/secrets/kubernetes.io/serviceaccount
shift
exec "$@"`;

/** @param env its settings, `OPTIPOD_…`. Resolves when its caches are synced. */
export async function startShippedOperator(
  cluster: Cluster,
  env: Readonly<Record<string, string>>,
): Promise<ShippedOperator> {
  const folder = join(cluster.folder, 'service-account');
  const program = join(cluster.folder, 'image');
  mkdirSync(folder);
  await bundleImage(program);
  const image = await imageRuntime();
  const { namespace, name } = OPERATOR_ACCOUNT;
  const token = ['create', 'token', name, '--namespace', namespace, '--duration', '24h'];
  writeFileSync(join(folder, 'token'), (await cluster.kubectl(token)).stdout.trim());
  writeFileSync(join(folder, 'namespace'), namespace);
  writeFileSync(join(folder, 'ca.crt'), cluster.ca);
  const port = await freePort('127.0.0.1');
  const { hostname, port: apiserverPort } = new URL(cluster.server);
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const component = startComponent({
    name: 'operator',
    argv: [
      ...(['unshare', ...asRoot, '--mount', '--propagation', 'private', '--', 'sh', '-ec', AS_IN_A_POD] as const),
      ...['sh', folder, image.node, ...image.operatorFlags, join(program, 'operator.js')],
    ] as [string, ...string[]],
    logFolder: cluster.folder,
    env: {
      KUBECONFIG: '',
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: apiserverPort,
      OPTIPOD_HEALTH_PORT: String(port),
      ...image.env,
      ...env,
    },
  });
  const ready = `http://127.0.0.1:${port}/readyz`;
  await waitFor('the operator', () => (component.assertRunning(), isOk(ready)), { everyMs: 50 });
  return {
    cpuMs: () => cpuMsOf(component.pid),
    peakMiB: () => peakMiBOf(component.pid),
    async stop() {
      await component.stop(10_000);
      giveBack([port]);
    },
  };
}
