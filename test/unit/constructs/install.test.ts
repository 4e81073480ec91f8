import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { App, Chart, Testing } from 'cdk8s';
import { expect } from 'chai';
import { OptiPod, type OptiPodProps } from '../../../constructs/install.js';
import { VERSION } from '../../../constructs/version.js';
import { operatorSettings } from '../../../operator/settings.js';
import { webhookSettings } from '../../../webhook/settings.js';
import { deploymentsIn, find, synth, type DeploymentManifest, type Manifest } from './synth.js';

const CLUSTER_SCOPED = [
  'Namespace',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

const PEM = '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n';
/** Made by the tests, and gone after them. */
const folders: string[] = [];

describe('an installation of OptiPod', () => {
  let manifests: Manifest[];

  after(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

  before(() => {
    manifests = synth();
  });

  it('has the objects that people and documents know, by their names', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).to.have.members([
      'Namespace optipod-system',
      'CustomResourceDefinition optimizationpolicies.optipod.io',
      'CustomResourceDefinition workloadrecommendations.optipod.io',
      'ClusterRole optipod',
      'ClusterRoleBinding optipod',
      'ClusterRole optipod-webhook',
      'ClusterRoleBinding optipod-webhook',
      'MutatingWebhookConfiguration optipod-webhook',
      'ValidatingWebhookConfiguration optipod-webhook',
      'ServiceAccount optipod',
      'Role optipod',
      'RoleBinding optipod',
      'ConfigMap optipod',
      'Deployment optipod',
      'PodDisruptionBudget optipod',
      'NetworkPolicy optipod',
      'ServiceAccount optipod-webhook',
      'Role optipod-webhook',
      'RoleBinding optipod-webhook',
      'Deployment optipod-webhook',
      'Service optipod-webhook',
      'PodDisruptionBudget optipod-webhook',
      'NetworkPolicy optipod-webhook',
    ]);
    const definition = find(manifests, 'CustomResourceDefinition', 'optimizationpolicies.optipod.io');
    expect(definition).to.have.nested.property('spec.names.shortNames').that.deep.equals(['optpol']);
  });

  it('begins with the namespace, and gives rights before it starts what needs them', () => {
    const kinds = manifests.map(({ kind }) => kind);
    expect(kinds[0]).to.equal('Namespace');
    expect(kinds.lastIndexOf('ClusterRoleBinding')).to.be.lessThan(kinds.indexOf('Deployment'));
    expect(kinds.indexOf('RoleBinding')).to.be.lessThan(kinds.indexOf('Deployment'));
  });

  it('has the namespace on namespaced objects and on no other, also in a chart that has one', () => {
    const chart = new Chart(new App(), 'mine', { namespace: 'elsewhere' });
    const optipod = new OptiPod(chart, 'optipod');
    const nested = [optipod.cluster, optipod.system].flatMap((part) => Testing.synth(part) as Manifest[]);
    for (const { kind, metadata } of [...manifests, ...nested]) {
      expect(metadata.namespace, kind).to.equal(CLUSTER_SCOPED.includes(kind) ? undefined : 'optipod-system');
    }
  });

  it('enforces the restricted Pod Security Standard, and every container keeps it', () => {
    const { labels } = find(manifests, 'Namespace', 'optipod-system').metadata;
    expect(labels).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const deployments = deploymentsIn(manifests);
    expect(deployments).to.have.length(2);
    for (const { spec } of deployments) {
      const pod = spec.template.spec;
      expect(pod.securityContext).to.deep.equal({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of pod.containers) {
        expect(container.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).to.have.property('requests').that.has.all.keys('cpu', 'memory');
      }
    }
  });

  it('runs two pods of each, one of which stays up, and starts a new one before an old one ends', () => {
    for (const { metadata, spec } of deploymentsIn(manifests)) {
      expect(spec, metadata.name).to.deep.include({
        replicas: 2,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      });
      const budget = find(manifests, 'PodDisruptionBudget', metadata.name);
      expect(budget).to.have.nested.property('spec.minAvailable', 1);
      expect(budget).to.have.nested.property('spec.selector').that.deep.equals(spec.selector);
    }
    const single = synth({ operatorReplicas: 1, webhookReplicas: 3 });
    const budgets = single.filter(({ kind }) => kind === 'PodDisruptionBudget').map(({ metadata }) => metadata.name);
    expect(budgets).to.deep.equal(['optipod-webhook']);
    expect(deploymentsIn(single).map(({ spec }) => spec.replicas)).to.deep.equal([1, 3]);
  });

  it('finds its pods by labels that do not change with the version', () => {
    for (const { metadata, spec } of deploymentsIn(manifests)) {
      const selector = { 'app.kubernetes.io/name': metadata.name, 'app.kubernetes.io/instance': 'optipod' };
      expect(spec.selector.matchLabels).to.deep.equal(selector);
      expect(spec.template.metadata.labels).to.include({
        ...selector,
        'app.kubernetes.io/part-of': 'optipod',
        'app.kubernetes.io/version': VERSION,
      });
    }
  });

  it('mounts tokens where they are asked for, and keeps descriptions of Services out of the environment', () => {
    for (const { metadata, spec } of deploymentsIn(manifests)) {
      const account = find(manifests, 'ServiceAccount', spec.template.spec.serviceAccountName);
      expect(account.automountServiceAccountToken, metadata.name).to.equal(false);
      expect(spec.template.spec).to.include({ automountServiceAccountToken: true, enableServiceLinks: false });
    }
  });

  it('B-WEB-7 lets the webhook read and ask who may do what, and the operator write no more than it declares', () => {
    const rules = (kind: string, name: string) =>
      find(manifests, kind, name).rules as { resources: string[]; verbs: string[]; resourceNames?: string[] }[];
    const webhook = [...rules('ClusterRole', 'optipod-webhook'), ...rules('Role', 'optipod-webhook')];
    const more = webhook.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect(more.map(({ resources, verbs }) => [resources, verbs])).to.deep.equal([
      [['subjectaccessreviews'], ['create']],
    ]);
    const operator = rules('ClusterRole', 'optipod');
    const writes = operator.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect(writes.flatMap(({ resources }) => resources)).to.have.members([
      'events',
      // Made as a dry run only, to see the webhook mutate before pods are replaced.
      'pods',
      'pods/resize',
      'pods/eviction',
      'daemonsets',
      'deployments',
      'statefulsets',
      'optimizationpolicies/status',
      'workloadrecommendations',
      'mutatingwebhookconfigurations',
      'validatingwebhookconfigurations',
    ]);
    expect([...webhook, ...operator].flatMap(({ resources }) => resources)).not.to.include('*');
  });

  it('lets in nothing but what its processes serve', () => {
    const portsOf = (name: string) => {
      const { spec } = find(manifests, 'NetworkPolicy', name) as Manifest & { spec: NetworkPolicySpec };
      expect(spec.policyTypes).to.deep.equal(['Ingress']);
      expect(spec.podSelector).to.deep.equal(deploymentsIn(manifests).find(isCalled(name))?.spec.selector);
      return spec.ingress.flatMap(({ ports, ...from }) => {
        expect(from).to.deep.equal({});
        return ports.map(({ port }) => port);
      });
    };
    expect(portsOf('optipod')).to.deep.equal([8080]);
    expect(portsOf('optipod-webhook')).to.deep.equal([9443, 8080]);
    for (const { metadata, spec } of deploymentsIn(manifests)) {
      const served = spec.template.spec.containers[0].ports.map(({ containerPort }) => containerPort);
      expect(portsOf(metadata.name)).to.deep.equal(served);
    }
    expect(synth({ networkPolicy: false }).map(({ kind }) => kind)).not.to.include('NetworkPolicy');
  });

  it('places its pods where it is told to, and passes on what is younger than the typed API', () => {
    const affinity = {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ matchLabelKeys: ['a'] }] },
    };
    const placed = {
      nodeSelector: { pool: 'system' },
      tolerations: [{ key: 'pool', operator: 'Exists' }],
      affinity,
      priorityClassName: 'system-cluster-critical',
    } as const;
    const annotations = { 'example.com/scrape': 'true' };
    const changed = synth({
      ...placed,
      imagePullSecrets: ['registry'],
      podAnnotations: annotations,
      podLabels: { team: 'platform', 'app.kubernetes.io/name': 'mine' },
    });
    for (const { metadata, spec } of deploymentsIn(changed)) {
      expect(spec.template.spec).to.deep.include({ ...placed, imagePullSecrets: [{ name: 'registry' }] });
      expect(spec.template.metadata.annotations).to.include(annotations);
      expect(spec.template.metadata.labels).to.include({ team: 'platform', 'app.kubernetes.io/name': metadata.name });
    }
  });

  it('tells the Prometheus Operator of both processes, where it is asked to', () => {
    expect(manifests.map(({ kind }) => kind)).not.to.include('ServiceMonitor');
    const monitored = synth({ serviceMonitor: { interval: '30s', labels: { release: 'prometheus' } } });
    const monitor = find(monitored, 'ServiceMonitor', 'optipod');
    expect(monitor.metadata.labels).to.include({ release: 'prometheus' });
    const { selector, endpoints } = monitor.spec as MonitorSpec;
    expect(endpoints).to.deep.equal([{ port: 'metrics', interval: '30s' }]);
    const services = monitored.filter(
      ({ kind, metadata }) =>
        kind === 'Service' &&
        Object.entries(selector.matchLabels).every(([key, value]) => metadata.labels?.[key] === value),
    );
    expect(services.map(({ metadata }) => metadata.name)).to.have.members([
      'optipod-metrics',
      'optipod-webhook-metrics',
    ]);
    for (const { spec } of services) {
      expect((spec as { ports: object[] }).ports).to.deep.equal([
        { name: 'metrics', port: 8080, targetPort: 'health' },
      ]);
    }
    const [endpoint] = (find(synth({ serviceMonitor: true }), 'ServiceMonitor', 'optipod').spec as MonitorSpec)
      .endpoints;
    expect(endpoint).to.deep.equal({ port: 'metrics' });
  });

  it('B-WEB-6 leaves the certificate to cert-manager, and then has no right to it', () => {
    const issued = synth({ certificate: { mode: 'cert-manager' } });
    const named = (kind: string, name: string) => find(issued, kind, name).spec as Record<string, unknown>;
    expect(named('Certificate', 'optipod-webhook')).to.deep.include({
      secretName: 'optipod-webhook-tls',
      dnsNames: ['optipod-webhook.optipod-system.svc', 'optipod-webhook.optipod-system.svc.cluster.local'],
      issuerRef: { name: 'optipod-webhook-ca', kind: 'Issuer' },
    });
    expect(named('Issuer', 'optipod-webhook-ca')).to.deep.equal({ ca: { secretName: 'optipod-webhook-ca' } });
    expect(named('Certificate', 'optipod-webhook-ca')).to.deep.include({ isCA: true });
    for (const configuration of issued.filter(({ kind }) => kind.endsWith('WebhookConfiguration'))) {
      expect(configuration).to.have.nested.property('metadata.annotations').that.deep.equals({
        'cert-manager.io/inject-ca-from': 'optipod-system/optipod-webhook',
      });
    }
    expect(resourcesOf(issued, 'optipod')).not.to.include.oneOf(['secrets', 'mutatingwebhookconfigurations']);
    const shared = synth({
      certificate: { mode: 'cert-manager', issuerRef: { name: 'internal', kind: 'ClusterIssuer' } },
    });
    expect(shared.map(({ kind }) => kind)).not.to.include('Issuer');
    expect(shared.filter(({ kind }) => kind === 'Certificate')).to.have.length(1);
  });

  it('B-WEB-6 takes the certificate from a Secret of somebody else, and then has no right to it', () => {
    const given = synth({ certificate: { mode: 'secret', secretName: 'ours', caBundle: PEM } });
    const configurations = given.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
    for (const { webhooks } of configurations as (Manifest & { webhooks: object[] })[]) {
      for (const webhook of webhooks) {
        expect(webhook).to.have.nested.property('clientConfig.caBundle', Buffer.from(PEM).toString('base64'));
      }
    }
    expect(resourcesOf(given, 'optipod')).not.to.include.oneOf(['secrets', 'mutatingwebhookconfigurations']);
    expect(find(given, 'Role', 'optipod-webhook').rules).to.deep.equal([
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['ours'], verbs: ['list', 'watch'] },
    ]);
  });

  it('B-OPR-4 tells both processes what it was told, as settings that they know', () => {
    const told = synth({
      policyScope: 'Namespace',
      checkAuthors: false,
      inPlaceResize: false,
      recreate: false,
      certificate: { mode: 'secret', secretName: 'ours', caBundle: PEM },
      operatorSettings: { minSamples: 20, prometheusStep: '30s', logLevel: 'debug' },
      webhookSettings: { drain: '10s' },
    });
    expect(operatorSettings({ env: settingsFile(told, 'optipod'), argv: [] })).to.include({
      policyScope: 'Namespace',
      inPlaceResize: false,
      recreate: false,
      certificateMode: 'secret',
      minSamples: 20,
      prometheusStep: 30_000,
      logLevel: 'debug',
    });
    expect(webhookSettings({ env: settingsFile(told, 'optipod-webhook'), argv: [] })).to.include({
      policyScope: 'Namespace',
      checkAuthors: false,
      certificateSecret: 'ours',
      drain: 10_000,
    });
  });

  it('B-OPR-4 rolls out the pods whose settings changed, and no others', () => {
    const checksums = (props: OptiPodProps) =>
      deploymentsIn(synth(props)).map(({ spec }) => spec.template.metadata.annotations?.['checksum/settings']);
    const [operator, webhook] = checksums({});
    expect(operator).to.match(/^[0-9a-f]{16}$/);
    // It is told nothing that it does not know itself.
    expect(webhook).to.equal(undefined);
    expect(checksums({ operatorSettings: {} })).to.deep.equal([operator, webhook]);
    const [other, same] = checksums({ operatorSettings: { minSamples: 11 } });
    expect(other).not.to.equal(operator);
    expect(same).to.equal(webhook);
    expect(checksums({ webhookSettings: { drain: '1s' } })[0]).to.equal(operator);
  });

  it('B-OPR-5 B-SEL-5 has the webhook ask about authors only where policies reach farther than their namespace', () => {
    const asks = (props: OptiPodProps) => resourcesOf(synth(props), 'optipod-webhook').includes('subjectaccessreviews');
    expect(asks({})).to.equal(true);
    expect(asks({ checkAuthors: false })).to.equal(false);
    expect(asks({ policyScope: 'Namespace' })).to.equal(false);
  });

  it('takes image, namespace, settings and resources', () => {
    const changed = synth({
      image: 'optipod:dev',
      imagePullPolicy: 'Never',
      namespace: 'right-sizing',
      createNamespace: false,
      prometheusUrl: 'http://10.0.0.9:9090',
      operatorSettings: { prometheusStep: '30s', logLevel: 'warn' },
      operatorResources: { requests: { cpu: 1 }, limits: { memory: '1Gi' } },
    });
    expect(changed.map(({ kind }) => kind)).not.to.include('Namespace');
    const [operator, webhook] = deploymentsIn(changed);
    const [container] = operator?.spec.template.spec.containers ?? [];
    expect(container).to.include({ image: 'optipod:dev', imagePullPolicy: 'Never' });
    expect(container?.resources).to.deep.equal({ requests: { cpu: 1 }, limits: { memory: '1Gi' } });
    expect(find(changed, 'ConfigMap', 'optipod').data).to.deep.equal({
      'settings.json':
        '{\n  "logLevel": "warn",\n  "prometheusStep": "30s",\n  "prometheusUrl": "http://10.0.0.9:9090"\n}\n',
    });
    expect(webhook?.spec.template.spec.containers[0]).not.to.have.property('env');
    const configuration = find(changed, 'MutatingWebhookConfiguration', 'optipod-webhook');
    expect(configuration).to.have.nested.property('webhooks[0].clientConfig.service.namespace', 'right-sizing');
    expect(find(changed, 'ClusterRoleBinding', 'optipod').subjects).to.deep.equal([
      { kind: 'ServiceAccount', name: 'optipod', namespace: 'right-sizing' },
    ]);
  });

  it('B-OPR-6 gives its pods the time that an orderly stop may take, and the webhook what it is told to go on serving', () => {
    const graces = (props: OptiPodProps) =>
      deploymentsIn(synth(props)).map(({ spec }) => spec.template.spec.terminationGracePeriodSeconds);
    expect(graces({})).to.deep.equal([40, 40]);
    expect(graces({ webhookSettings: { drain: '2m' } })).to.deep.equal([40, 155]);
  });

  it('B-OPR-1 without an election runs one operator, which ends before the next one starts', () => {
    const [operator, webhook] = deploymentsIn(synth({ operatorReplicas: 1, operatorSettings: { leaderElect: false } }));
    expect(operator?.spec).to.deep.include({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(webhook?.spec.strategy).to.have.property('type', 'RollingUpdate');
    const elected = deploymentsIn(synth({ operatorReplicas: 1, operatorSettings: { leaderElect: true } }));
    expect(elected[0]?.spec.strategy).to.have.property('type', 'RollingUpdate');
  });

  it('B-OPR-4 takes settings that go together', () => {
    const from = (key: string) => ({ secret: 'prometheus', key });
    for (const props of [
      { operatorSettings: { leaderElectLeaseDuration: '30s', leaderElectRenewDeadline: '20s' } },
      { operatorSettings: { prometheusUsername: 'me' }, operatorFiles: { prometheusPassword: from('password') } },
      { operatorFiles: { prometheusCertFile: from('tls.crt'), prometheusKeyFile: from('tls.key') } },
      { operatorSettings: { customCertFile: '/unused.pem' } },
    ] satisfies OptiPodProps[]) {
      expect(() => synth(props), JSON.stringify(props)).not.to.throw();
    }
  });

  for (const [props, message] of [
    [{ namespace: 'No' }, 'namespace: "No" is no namespace\'s name'],
    [
      { prometheusUrl: 'prometheus:9090' },
      'prometheusUrl is "prometheus:9090"; it must be a URL that begins with http',
    ],
    [{ policyScope: 'All' as 'Cluster' }, 'policyScope is "All"; it must be Cluster or Namespace'],
    [
      { certificate: { mode: 'vault' } as never },
      'certificate.mode is "vault"; it must be self, cert-manager or secret',
    ],
    [{ webhookReplicas: 0 }, 'webhookReplicas: 0 is no number of pods; it must be a whole number from 1 on'],
    [{ operatorReplicas: 1.5 }, 'operatorReplicas: 1.5 is no number of pods; it must be a whole number from 1 on'],
    [
      { operatorSettings: { prometheusStep: '1 minute' } },
      'prometheusStep in operatorSettings is "1 minute"; it must be',
    ],
    [{ operatorSettings: { LOG_LEVEL: 'debug' } as object }, 'LOG_LEVEL in operatorSettings is no setting; there are'],
    [
      { operatorSettings: { policyScope: 'Cluster' } as object },
      'policyScope in operatorSettings is no setting there: give the option policyScope of the installation',
    ],
    [
      { operatorSettings: { leaderElect: false } },
      'operatorReplicas: 2 pods would all work at once with leaderElect: false in operatorSettings; it must be 1 then',
    ],
    [
      { operatorSettings: { leaderElectLeaseDuration: '5s' } },
      'leaderElectLeaseDuration is 5000 ms; it must be greater than leaderElectRenewDeadline (10000 ms)',
    ],
    [
      { operatorFiles: { prometheusCertFile: { secret: 'prometheus', key: 'tls.crt' } } },
      'of the settings that begin with prometheus, certFile and keyFile belong together; one is missing',
    ],
    [{ operatorSettings: { prometheusUsername: 'me' } }, 'with prometheus, username and password belong together'],
    [
      {
        operatorSettings: { customUrl: 'http://usage', customUsername: 'me' },
        operatorFiles: { customToken: { secret: 'usage', key: 'token' } },
      },
      'with custom, token stands alone',
    ],
    [
      { webhookSettings: { port: 1 } as object },
      'port in webhookSettings is no setting there: the manifests have their',
    ],
  ] as const) {
    it(`refuses ${JSON.stringify(props)}`, () => {
      expect(() => new OptiPod(new App(), 'optipod', props)).to.throw(message);
    });
  }
});

interface NetworkPolicySpec {
  readonly podSelector: unknown;
  readonly policyTypes: unknown;
  readonly ingress: readonly { readonly ports: readonly { readonly port: number }[] }[];
}

interface MonitorSpec {
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly endpoints: readonly object[];
}

function isCalled(name: string): (manifest: Manifest) => boolean {
  return ({ metadata }) => metadata.name === name;
}

/** The resources that a service account has some right to. */
function resourcesOf(manifests: readonly Manifest[], account: string): string[] {
  const roles = manifests.filter(({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && metadata.name === account);
  return roles.flatMap(({ rules }) => (rules as { resources: string[] }[]).flatMap(({ resources }) => resources));
}

/** The environment that names a process's settings file, which is written as kubelet would. */
function settingsFile(manifests: readonly Manifest[], name: string): Record<string, string> {
  const { spec } = find(manifests, 'Deployment', name) as DeploymentManifest;
  const [container] = spec.template.spec.containers;
  const path = container.env.find((one) => one.name === 'OPTIPOD_CONFIG')?.value ?? '';
  const [mount] = container.volumeMounts ?? [];
  const [volume] = spec.template.spec.volumes ?? [];
  expect([volume?.name, dirname(path)]).to.deep.equal([mount?.name, mount?.mountPath]);
  const { data } = find(manifests, 'ConfigMap', volume?.configMap?.name ?? '');
  const text = (data as Record<string, string>)[basename(path)] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  folders.push(folder);
  const file = join(folder, basename(path));
  writeFileSync(file, text);
  return { OPTIPOD_CONFIG: file };
}
