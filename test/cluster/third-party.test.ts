import { join } from 'node:path';
import { expect } from 'chai';
import { manifestsYaml, type OptiPodProps } from 'optipod/install';
import { established, startCluster, type Cluster } from '../kit/index.js';

const CRDS = join(import.meta.dirname, 'crds');
const PEM = '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n';

describe('an installation beside cert-manager and the Prometheus Operator', function () {
  this.timeout(120_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ name: 'third-party' });
    await cluster.kubectl(['apply', '--server-side', '-f', CRDS]);
    await established(cluster, '-f', CRDS);
  });

  after(() => cluster.stop());

  /** Fails for a field that the schema of its kind does not have, as kubectl does unless it is told otherwise. */
  async function apply(props: OptiPodProps): Promise<string[]> {
    const input = manifestsYaml(props);
    const { stdout, stderr } = await cluster.kubectl(['apply', '--validate=strict', '-f', '-'], { input });
    expect(stderr).to.equal('');
    return stdout.trim().split('\n');
  }

  const spec = async (...what: string[]): Promise<unknown> =>
    (
      JSON.parse((await cluster.kubectl(['get', '-n', 'optipod-system', '-o=json', ...what])).stdout) as {
        spec: unknown;
      }
    ).spec;

  it('B-INS-1 has what their kinds allow, and what they will make something of', async () => {
    const applied = await apply({
      certificate: { mode: 'cert-manager', duration: '2160h', renewBefore: '720h' },
      serviceMonitor: { interval: '30s', labels: { release: 'prometheus' } },
    });
    for (const name of [
      'certificate.cert-manager.io/optipod-webhook-ca',
      'certificate.cert-manager.io/optipod-webhook',
      'issuer.cert-manager.io/optipod-webhook-ca',
      'issuer.cert-manager.io/optipod-webhook-selfsigned',
      'servicemonitor.monitoring.coreos.com/optipod',
    ]) {
      expect(applied).to.include(`${name} created`);
    }
    // As it is stored: what the schema does not know would have been dropped.
    expect(await spec('certificate', 'optipod-webhook')).to.deep.equal({
      secretName: 'optipod-webhook-tls',
      dnsNames: ['optipod-webhook.optipod-system.svc', 'optipod-webhook.optipod-system.svc.cluster.local'],
      duration: '2160h',
      renewBefore: '720h',
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      issuerRef: { name: 'optipod-webhook-ca', kind: 'Issuer' },
    });
    expect(await spec('servicemonitor', 'optipod')).to.deep.include({
      endpoints: [{ port: 'metrics', interval: '30s' }],
    });
  });

  it('B-WEB-6 goes from one way to come by a certificate to another, applied over the one before', async () => {
    await apply({ certificate: { mode: 'self' } });
    await apply({ certificate: { mode: 'secret', secretName: 'ours', caBundle: PEM } });
    const { stdout } = await cluster.kubectl([
      'get',
      'mutatingwebhookconfiguration',
      'optipod-webhook',
      '-o=jsonpath={.webhooks[*].clientConfig.caBundle}',
    ]);
    expect(Buffer.from(stdout, 'base64').toString()).to.equal(PEM);
    await apply({ certificate: { mode: 'cert-manager', issuerRef: { name: 'internal', kind: 'ClusterIssuer' } } });
    expect(await spec('certificate', 'optipod-webhook')).to.deep.include({
      issuerRef: { name: 'internal', kind: 'ClusterIssuer' },
    });
  });

  it('is admitted by the restricted Pod Security Standard with every option for its pods', async () => {
    const input = manifestsYaml({
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'pool', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              podAffinityTerm: {
                topologyKey: 'topology.kubernetes.io/zone',
                labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'optipod' } },
                // Younger than the API that the manifests are typed with.
                matchLabelKeys: ['pod-template-hash'],
              },
            },
          ],
        },
      },
      priorityClassName: 'system-cluster-critical',
      imagePullSecrets: ['registry'],
      podLabels: { team: 'platform' },
      podAnnotations: { 'example.com/a': 'b' },
    });
    const { stderr } = await cluster.kubectl(['apply', '--validate=strict', '-f', '-'], { input });
    // Of a template that would be refused, kube-apiserver warns.
    expect(stderr).to.equal('');
    expect(await spec('deployment', 'optipod')).to.have.nested.property(
      'template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.matchLabelKeys[0]',
      'pod-template-hash',
    );
  });
});
