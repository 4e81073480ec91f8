import { expect } from 'chai';
import { admissionUses, controllersUses, LimitRangeKind, PodKind, Secret, type Use } from 'optipod/kube';
import { OptimizationPolicy, WorkloadRecommendation } from 'optipod/lib/api';
import { NAMES, optipod } from 'optipod/lib/optipod';
import { waitFor } from '../kit/index.js';
import { IMPATIENT_FLAGS } from '../support/impatient.js';
import { startPrometheus, type Prometheus } from '../support/prometheus.js';
import { recordOf, type AccountRecord } from '../support/rights.js';
import type { ContainerUsage } from '../support/usage-history.js';
import { container, createPolicy, createWorkload, WORKLOADS } from './webhook/pods.js';
import { World } from './webhook/world.js';

const SPACE = 'rights';
const ALL = { namespace: SPACE, name: 'all' };
const SECRET = { namespace: NAMES.namespace, name: NAMES.certificateSecret };
const CERTIFICATE = { keepsCertificate: true, certificateSecret: NAMES.certificateSecret };

/** What the pods of a workload of each kind used. */
const history: readonly ContainerUsage[] = ['web-7d4b9c6f5d-x2k9z', 'db-0', 'agent-x2k9z'].map((pod) => ({
  namespace: SPACE,
  pod,
  container: 'app',
  cpu: 0.2,
  memory: 200 * 2 ** 20,
}));

describe('the rights of an installation at work', function () {
  this.timeout(120_000);
  let world: World;
  let prometheus: Prometheus;

  before(async () => {
    prometheus = await startPrometheus(history);
    world = await World.start({
      name: 'rights',
      audit: true,
      elected: true,
      operatorFlags: [
        `--prometheus-url=${prometheus.url}`,
        '--prometheus-step=15s',
        '--prometheus-rate-window=1m',
        ...IMPATIENT_FLAGS,
      ],
    });
  });

  after(async () => {
    await world.stop();
    await prometheus.stop();
  });

  const record = (name: string, uses: readonly Use[]): AccountRecord =>
    recordOf(world.cluster.auditLog ?? '', { namespace: NAMES.namespace, name }, uses);

  it('B-OPR-5 are all used by what the processes are for', async () => {
    const { client } = world;
    await world.namespace(SPACE);
    await createWorkload(world, SPACE, 'web', { kind: 'Deployment', replicas: 0 });
    await createWorkload(world, SPACE, 'db', { kind: 'StatefulSet', replicas: 0 });
    await createWorkload(world, SPACE, 'agent', { kind: 'DaemonSet' });
    await createPolicy(world, SPACE, 'all', {
      selector: { namespaces: { allow: [SPACE] } },
      metricsConfig: { provider: 'prometheus', rollingWindow: '10m' },
    });
    for (const [kind, name] of [
      ['Deployment', 'web'],
      ['StatefulSet', 'db'],
      ['DaemonSet', 'agent'],
    ] as const) {
      await waitFor(`the annotations of ${name}`, async () => {
        const { metadata } = await client.get(WORKLOADS[kind], { namespace: SPACE, name });
        return metadata.annotations?.['optipod.io/managed'];
      });
    }
    // A pod of a ReplicaSet that the webhook has never seen.
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'unseen', uid: 'unseen', controller: true };
    await client.create(PodKind, {
      metadata: { namespace: SPACE, name: 'orphan', ownerReferences: [owner] },
      spec: { automountServiceAccountToken: false, containers: [container('app')] },
    });
    await client.create(LimitRangeKind, { metadata: { namespace: SPACE, name: 'any' }, spec: { limits: [] } });
    // A certificate that does not fit its key is renewed.
    const secret = await client.get(Secret, SECRET);
    await client.patch(Secret, SECRET, { data: { 'tls.key': secret.data?.['ca.key'] } }, { type: 'merge' });
    await waitFor('another certificate', async () => {
      const { data } = await client.get(Secret, SECRET);
      return data?.['tls.crt'] === secret.data?.['tls.crt'] ? undefined : true;
    });
    // What is told of a workload that no policy is about any more is taken back.
    const told = () => client.list(WorkloadRecommendation, { namespace: SPACE });
    expect((await told()).items).to.have.length(3);
    const ignore = { metadata: { annotations: { 'optipod.io/ignore': 'true' } } };
    await client.patch(WORKLOADS.DaemonSet, { namespace: SPACE, name: 'agent' }, ignore, { type: 'merge' });
    await waitFor('two of three', async () => ((await told()).items.length === 2 ? true : undefined));
    // What OptiPod wrote to a template outlives its policy, and so does what it remembers of that.
    await client.patch(
      OptimizationPolicy,
      ALL,
      { spec: { mode: 'Auto', updateStrategy: { strategy: 'ssa' } } },
      { type: 'merge' },
    );
    const summary = async (state: string) => {
      const { items } = await told();
      return items.some(({ status }) => status?.summary?.state === state) ? true : undefined;
    };
    await waitFor('an applied template', () => summary('Applied'));
    await client.delete(OptimizationPolicy, ALL);
    await waitFor('what is left of it', () => summary('Released'));
    await Promise.all([world.stopOperator(), world.stopWebhook()]);
    // A watch is in the log when kube-apiserver has noticed its end.
    await waitFor('every right in the log', () => {
      expect(record(NAMES.operator, controllersUses(optipod, CERTIFICATE)).unused.join('; ')).to.equal('');
      expect(record(NAMES.webhook, admissionUses(optipod, CERTIFICATE)).unused.join('; ')).to.equal('');
      return true;
    });
  });

  it('B-OPR-5 are all that the processes ask for', () => {
    for (const name of [NAMES.operator, NAMES.webhook]) {
      const { denied, used } = record(name, []);
      expect(denied, name).to.deep.equal([]);
      expect(used, name).not.to.deep.equal([]);
    }
  });

  it('B-OPR-5 of others are refused, and the log says so', async () => {
    // The instrument itself: an account without rights, and a right that nobody uses.
    await world.cluster.kubectl(['create', 'serviceaccount', 'nobody', '-n', SPACE]);
    const as = `--as=system:serviceaccount:${SPACE}:nobody`;
    await world.cluster.kubectl(['get', 'pods', '-n', SPACE, as], { allowFailure: true });
    const nobody = recordOf(world.cluster.auditLog ?? '', { namespace: SPACE, name: 'nobody' }, []);
    expect(nobody.denied.map(({ objectRef }) => objectRef?.resource)).to.deep.equal(['pods']);
    expect(nobody.used).to.deep.equal([]);
    const never: Use = { kind: Secret, verbs: ['delete', 'watch'], ownNamespace: true, names: ['never'] };
    expect(record(NAMES.operator, [never]).unused).to.deep.equal([
      'delete secrets in optipod-system never',
      'list secrets in optipod-system never',
      'watch secrets in optipod-system never',
    ]);
    expect(record(NAMES.operator, [{ ...never, rarely: 'never at all' }]).unused).to.deep.equal([]);
  });
});
