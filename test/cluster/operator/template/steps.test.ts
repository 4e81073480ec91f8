import { createClient, loadClusterConfig, type KubeClient } from '@optipod/operator/runtime';
import { expect } from 'chai';
import { treeAt, type Tree } from '../../../documents/tree.js';
import { FAKE_TAINT, fakeNode, type FakeNode } from '../../../gitops/nodes.js';
import { waitFor } from '../../../kit/index.js';
import { useInstallation } from '../installation.js';
import { Templates, writing } from './templates.js';

const SPACE = 'steps';

describe('gradual decreases under the strategy ssa', function () {
  this.timeout(120_000);
  // Before what the installation does in its own, which may stop the cluster.
  after(async () => {
    await objects().remove(template.policy);
    await objects().patch(template.web, { spec: { replicas: 0 } });
    await waitFor('the pods to go', async () => ((await memoryOfPods()).length === 0 ? true : undefined));
    await node.stop();
    await client.close();
    await installation().stopOperator();
    await installation().startOperator();
  });
  const installation = useInstallation();
  const objects = () => installation().objects;
  let client: KubeClient;
  let node: FakeNode;
  let template: Templates;

  before(async () => {
    // An interval is counted from the write, in usage's time.
    await installation().stopOperator();
    await installation().startOperator({ OPTIPOD_PROMETHEUS_SETTLE: '1s' });
    client = createClient(await loadClusterConfig({ kubeconfig: installation().cluster.kubeconfig }));
    node = await fakeNode(client, { isShy: true });
    template = new Templates(installation(), SPACE);
    const spec = { tolerations: [{ ...FAKE_TAINT, operator: 'Exists' }], automountServiceAccountToken: false };
    await template.create({ spec: { replicas: 1, template: { spec } } });
    await waitFor('the pod', async () => {
      const status = treeAt(await objects().get(template.web), 'status') as Tree;
      return status.availableReplicas === 1 ? true : undefined;
    });
  });
  const memory = async () => treeAt(await template.resources(), 'app.requests.memory');

  async function memoryOfPods(): Promise<readonly unknown[]> {
    const { items } = await objects()
      .api.get(`/api/v1/namespaces/${SPACE}/pods`)
      .then((list) => list as { items: Tree[] });
    return items.map((pod) => treeAt(pod, 'spec.containers.0.resources.requests.memory'));
  }

  /** What the last pass made of the way down. */
  async function explained(): Promise<string> {
    return JSON.stringify(await objects().get(`WorkloadRecommendation/${SPACE}/deployment-web`));
  }

  const stepTo = (value: string) =>
    waitFor(
      `a step to ${value}`,
      async () => {
        const said = await memory();
        if (said !== value) throw new Error(String(said));
        return true;
      },
      { timeoutMs: 45_000 },
    );

  it('B-REC-6 a step comes only once all pods have the one before', async () => {
    node.hold();
    const gradualDecreaseConfig = { enabled: true, memoryDecreasePercentage: 30 };
    await objects().create(
      writing(SPACE, { updateStrategy: { gradualDecreaseConfig }, reconciliationInterval: '10s' }),
    );
    // 70 % of what it was, with 240Mi as the end of it.
    await stepTo('359Mi');
    await waitFor('a new pod beside the old one', async () => {
      expect([...(await memoryOfPods())].sort()).to.deep.equal(['359Mi', '512Mi']);
      return true;
    });
    const written = (await objects().status(template.policy)).lastReconciliation ?? '';
    await waitFor('passes more than an interval later', async () => {
      const { lastReconciliation = '' } = await objects().status(template.policy);
      return Date.parse(lastReconciliation) - Date.parse(written) > 11_000 ? true : undefined;
    });
    expect(await memory()).to.equal('359Mi');
    expect(await explained()).to.contain('GradualDecrease');
    expect(template.writes().filter(({ responseStatus }) => responseStatus?.code === 200)).to.have.length(1);
    node.release();
    await stepTo('252Mi');
  });
});
