import { expect } from 'chai';
import { type Cluster, loadImage, sharedCluster, waitFor } from '../kit/index.js';

const namespace = 'kit-node-test';

describe('the kit’s node', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let created = false;
  const kubectl = (...args: string[]) => cluster.kubectl(['-n', namespace, ...args]);
  const read = async (pod: string, path: string) =>
    (await kubectl('get', 'pod', pod, '-o', `jsonpath={${path}}`)).stdout;

  before(async () => {
    cluster = await sharedCluster('node');
    await cluster.kubectl(['create', 'namespace', namespace]);
    created = true;
    await cluster.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  });

  after(async () => {
    if (created) await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  it('runs a pod under the restricted Pod Security Standard', async () => {
    await cluster.kubectl(['apply', '-f', '-'], { input: pod('busy', ['--cpu', '40', '--memory', '64Mi'], '128Mi') });
    await kubectl('wait', '--for=condition=Ready', 'pod/busy', '--timeout=60s');
    expect((await kubectl('logs', 'busy')).stdout).to.equal('load: cpu 40% of a core, memory 64Mi\n');
    expect((await kubectl('exec', 'busy', '--', '/load', '--help')).stderr).to.contain('-memory');
  });

  it('changes a running container’s requests in place', async () => {
    const uid = await read('busy', '.metadata.uid');
    const patch = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '250m' } } }] } };
    await kubectl('patch', 'pod', 'busy', '--subresource=resize', '--patch', JSON.stringify(patch));
    const status = '.status.containerStatuses[0]';
    await waitFor('the kubelet to have resized it', async () =>
      (await read('busy', `${status}.resources.requests.cpu`)) === '250m' ? true : undefined,
    );
    expect(await read('busy', `${status}.restartCount`)).to.equal('0');
    expect(await read('busy', '.metadata.uid')).to.equal(uid);
  });

  it('kills a container that wants more memory than its limit', async () => {
    await cluster.kubectl(['apply', '-f', '-'], { input: pod('greedy', ['--memory', '256Mi'], '64Mi') });
    const status = '.status.containerStatuses[0]';
    const reasons = `${status}.state.terminated.reason}{${status}.lastState.terminated.reason`;
    await waitFor('OOMKilled', async () => ((await read('greedy', reasons)).includes('OOMKilled') ? true : undefined));
  });

  it('has the real kubelet’s metrics in Prometheus', async () => {
    const labels = `{namespace="${namespace}",pod="busy",container="main"}`;
    // A rate is the growth by the whole window, even where the series began in the middle of it.
    const cores = await waitFor('a window full of samples', async () => {
      const samples = await query(cluster, `count_over_time(container_cpu_usage_seconds_total${labels}[30s])`);
      return (samples ?? 0) >= 5 ? query(cluster, `rate(container_cpu_usage_seconds_total${labels}[30s])`) : undefined;
    });
    // 40 % of a core, on a machine that may be busy with other things.
    expect(cores).to.be.within(0.1, 0.6);
    const bytes = await query(cluster, `container_memory_working_set_bytes${labels}`);
    expect(bytes).to.be.within(64 * 2 ** 20, 128 * 2 ** 20);
    expect(await query(cluster, `container_memory_working_set_bytes{namespace="${namespace}",pod="busy"}`)).to.be.a(
      'number',
    );
  });

  it('answers kubectl top', async () => {
    const line = await waitFor('kubectl top', async () => {
      const { stdout, code } = await cluster.kubectl(['-n', namespace, 'top', 'pod', 'busy', '--no-headers'], {
        allowFailure: true,
      });
      return code === 0 ? stdout : undefined;
    });
    expect(line).to.match(/^busy +\d+m +\d+Mi/);
  });

  it('reaches Prometheus by the ClusterIP that pods use', async () => {
    expect((await fetch(`${cluster.prometheusClusterUrl ?? ''}/-/ready`)).status).to.equal(200);
    const { stdout } = await cluster.kubectl([
      '-n',
      'monitoring',
      'get',
      'service',
      'prometheus',
      '-o',
      'jsonpath={.spec.clusterIP}',
    ]);
    expect(cluster.prometheusClusterUrl).to.equal(`http://${stdout}:9090`);
  });
});

function pod(name: string, args: string[], memoryLimit: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: loadImage,
          args,
          resources: { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '1', memory: memoryLimit } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  });
}

/** The one value of an instant query; `undefined` while there is none. */
async function query(cluster: Cluster, expression: string): Promise<number | undefined> {
  const response = await fetch(`${cluster.prometheusUrl ?? ''}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  const value = data.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
}
