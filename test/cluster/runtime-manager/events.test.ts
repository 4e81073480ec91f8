import { expect } from 'chai';
import { ConfigMap, eventUses, kind, Namespace } from 'optipod/kube';
import { rightsOf } from '../../../constructs/operator/rbac.js';
import {
  createClient,
  createEventRecorder,
  createMetrics,
  loadClusterConfig,
  silentLogger,
  type EventRecorder,
  type KubeClient,
} from '../../../operator/runtime/index.js';
import { sharedCluster, waitFor, type Cluster } from '../../kit/index.js';

const Volume = kind('', 'v1', 'PersistentVolume', 'persistentvolumes', 'Cluster');
const namespace = 'recorded-events';

describe('recorded events', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let admin: KubeClient;
  let client: KubeClient;
  let recorder: EventRecorder;
  let stop: () => Promise<void>;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    const config = await loadClusterConfig({ kubeconfig: cluster.kubeconfig });
    admin = createClient(config);
    await admin.create(Namespace, { metadata: { name: namespace } });
    // With the declared rights, and no others.
    await cluster.kubectl(['create', 'serviceaccount', 'recorder', '-n', namespace]);
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: namespace } };
    await cluster.kubectl(['apply', '-f', '-'], {
      input: JSON.stringify({ ...role, rules: rightsOf([eventUses().events]).cluster }),
    });
    const account = `--serviceaccount=${namespace}:recorder`;
    await cluster.kubectl(['create', 'clusterrolebinding', namespace, `--clusterrole=${namespace}`, account]);
    const asked = [
      'auth',
      'can-i',
      'create',
      'events',
      '-n',
      namespace,
      `--as=system:serviceaccount:${namespace}:recorder`,
    ];
    await waitFor('the rights to be known', async () =>
      (await kubectl(...asked)).startsWith('yes') ? true : undefined,
    );
    const { stdout: token } = await cluster.kubectl(['create', 'token', 'recorder', '-n', namespace]);
    client = createClient({
      ...config,
      tls: { ca: cluster.ca },
      authorization: () => Promise.resolve(`Bearer ${token.trim()}`),
    });
    recorder = createEventRecorder({ client, source: 'sandbox-operator' });
    const stopping = new AbortController();
    const running = recorder.run(stopping.signal, { log: silentLogger, metrics: createMetrics() });
    stop = async () => {
      stopping.abort();
      await running;
    };
  });
  after(async () => {
    await stop();
    await admin.delete(Namespace, { name: namespace });
    await admin.delete(Volume, { name: namespace });
    await cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', namespace]);
    await Promise.all([admin.close(), client.close()]);
  });

  const kubectl = async (...args: string[]) => (await cluster.kubectl(args)).stdout;
  /** Waits until what kubectl says matches. */
  const saying = (wanted: RegExp, ...args: string[]) =>
    waitFor(`${args.join(' ')} to say ${String(wanted)}`, async () => {
      const said = await kubectl(...args);
      if (wanted.test(said)) return said;
      throw new Error(said);
    });

  it('are what kubectl describe shows, one line for what happened again, and many similar ones as one', async () => {
    const object = await admin.create(ConfigMap, { metadata: { namespace, name: 'web' } });
    const describing = ['describe', 'configmap', 'web', '-n', namespace] as const;
    recorder.event(object, { type: 'Normal', reason: 'Resized', message: 'app: 500m to 240m CPU' });
    await saying(/Normal +Resized +\S+ +sandbox-operator +app: 500m to 240m CPU\n/, ...describing);
    for (let time = 0; time < 3; time += 1)
      recorder.event(object, { type: 'Warning', reason: 'Refused', message: 'over the quota' });
    await saying(/Warning +Refused +\S+ \(x3 over \S+\) +sandbox-operator +over the quota\n/, ...describing);
    for (let number = 1; number <= 12; number += 1)
      recorder.event(object, { type: 'Warning', reason: 'Failed', message: `attempt ${number}` });
    const said = await saying(/\(combined from similar events\): attempt 12\n/, ...describing);
    expect(said.match(/ Failed /g)).to.have.length(10);
  });

  it('B-OBS-2 are found by their source and reason', async () => {
    const selecting = ['get', 'events', '-n', namespace, '-o', 'name', '--field-selector'];
    expect((await kubectl(...selecting, 'source=sandbox-operator,reason=Refused')).trim()).to.match(
      /^event\/web\.[0-9a-f]{16}$/,
    );
    expect((await kubectl(...selecting, 'source=another')).trim()).to.equal('');
  });

  it('of cluster-scoped objects are shown by kubectl describe, too', async () => {
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/nowhere' } };
    const object = await admin.create(Volume, { metadata: { name: namespace }, spec });
    recorder.event(object, { type: 'Warning', reason: 'Unbound', message: 'nobody wants it' });
    await saying(/Warning +Unbound +\S+ +sandbox-operator +nobody wants it\n/, 'describe', 'pv', namespace);
  });
});
