import { App, Chart } from 'cdk8s';
import { expect } from 'chai';
import { CustomResource } from 'optipod';
import { Operator } from 'optipod/install';
import { defineAdmission, defineOperator } from 'optipod/kube';
import sandboxes, { Sandbox } from '../../examples/08-second-operator/sandbox.js';
import { established, startCluster, type Cluster } from '../kit/index.js';

const review = defineAdmission(Sandbox, {
  name: 'sandboxes.example.com',
  type: 'validating',
  path: '/sandboxes',
  operations: ['CREATE'],
  // Nobody serves it here.
  failurePolicy: 'Ignore',
  timeoutSeconds: 1,
  uses: {},
});

const CRD = `${Sandbox.plural}.${Sandbox.group}`;

describe('an installation of any declared operator in an empty cluster', function () {
  this.timeout(120_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ name: 'install-operator' });
  });

  after(() => cluster.stop());

  async function apply(input: string): Promise<string[]> {
    const { stdout, stderr } = await cluster.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], {
      input,
    });
    expect(stderr).to.equal('');
    return stdout.trim().split('\n');
  }

  it('B-FRM-1 is applied in one go, twice in a row, and its pods are admitted', async () => {
    const app = new App();
    const definition = defineOperator({ ...sandboxes, admission: [review] });
    new Operator(app, 'sandboxes', definition, {
      image: 'registry.example.com/sandboxes:1',
      admission: { command: ['node', 'webhook.js'] },
    });
    const yaml = app.synthYaml();
    const applied = await apply(yaml);
    expect(applied).to.include.members([
      'namespace/sandbox-operator serverside-applied',
      `customresourcedefinition.apiextensions.k8s.io/${CRD} serverside-applied`,
      'deployment.apps/sandbox-operator serverside-applied',
      'deployment.apps/sandbox-operator-webhook serverside-applied',
      'validatingwebhookconfiguration.admissionregistration.k8s.io/sandbox-operator-webhook serverside-applied',
    ]);
    expect(await apply(yaml)).to.deep.equal(applied);
  });

  it('B-FRM-1 B-INS-2 takes what its construct makes, with the defaults of its definition', async () => {
    await established(cluster, `crd/${CRD}`);
    const app = new App();
    const chart = new Chart(app, 'team');
    new CustomResource(chart, 'anna', Sandbox, { metadata: { name: 'anna' }, spec: { owner: 'anna@example.com' } });
    await apply(app.synthYaml());
    const { stdout } = await cluster.kubectl(['get', 'sandbox', 'anna', '-o=jsonpath={.spec}']);
    expect(JSON.parse(stdout)).to.deep.equal({ owner: 'anna@example.com', hours: 24, cpu: '4', memory: '8Gi' });
  });
});
