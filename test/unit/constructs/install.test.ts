import { App, Chart, Testing } from 'cdk8s';
import { expect } from 'chai';
import { OptiPod } from '../../../constructs/install.js';
import { VERSION } from '../../../constructs/version.js';
import { deploymentsIn, find, synth, type Manifest } from './synth.js';

const CLUSTER_SCOPED = [
  'Namespace',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
];

describe('an installation of OptiPod', () => {
  let manifests: Manifest[];

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
      'ServiceAccount optipod',
      'Role optipod',
      'RoleBinding optipod',
      'Deployment optipod',
      'ServiceAccount optipod-webhook',
      'Role optipod-webhook',
      'RoleBinding optipod-webhook',
      'Deployment optipod-webhook',
      'Service optipod-webhook',
      'PodDisruptionBudget optipod-webhook',
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
    const chart = new Chart(Testing.app(), 'mine', { namespace: 'elsewhere' });
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

  it('runs one operator, never two, and two webhook pods, never less', () => {
    const [operator, webhook] = deploymentsIn(manifests);
    expect(operator?.spec).to.deep.include({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(webhook?.spec).to.deep.include({
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(find(manifests, 'PodDisruptionBudget', 'optipod-webhook')).to.have.nested.property('spec.minAvailable', 1);
    expect(synth({ webhookReplicas: 1 }).map(({ kind }) => kind)).not.to.include('PodDisruptionBudget');
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

  it('lets the webhook read, and the operator write no more than it declares', () => {
    const rules = (kind: string, name: string) =>
      find(manifests, kind, name).rules as { resources: string[]; verbs: string[]; resourceNames?: string[] }[];
    const webhook = [...rules('ClusterRole', 'optipod-webhook'), ...rules('Role', 'optipod-webhook')];
    expect(new Set(webhook.flatMap(({ verbs }) => verbs))).to.deep.equal(new Set(['get', 'list', 'watch']));
    const operator = rules('ClusterRole', 'optipod');
    const writes = operator.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect(writes.flatMap(({ resources }) => resources)).to.have.members([
      'daemonsets',
      'deployments',
      'statefulsets',
      'optimizationpolicies/status',
      'mutatingwebhookconfigurations',
    ]);
    expect([...webhook, ...operator].flatMap(({ resources }) => resources)).not.to.include('*');
  });

  it('takes image, namespace, settings and resources', () => {
    const changed = synth({
      image: 'optipod:dev',
      imagePullPolicy: 'Never',
      namespace: 'right-sizing',
      createNamespace: false,
      prometheusUrl: 'http://10.0.0.9:9090',
      operatorSettings: { OPTIPOD_B: '2', OPTIPOD_A: '1' },
      operatorResources: { requests: { cpu: 1 }, limits: { memory: '1Gi' } },
    });
    expect(changed.map(({ kind }) => kind)).not.to.include('Namespace');
    const [operator, webhook] = deploymentsIn(changed);
    const [container] = operator?.spec.template.spec.containers ?? [];
    expect(container).to.include({ image: 'optipod:dev', imagePullPolicy: 'Never' });
    expect(container?.resources).to.deep.equal({ requests: { cpu: 1 }, limits: { memory: '1Gi' } });
    expect(container?.env.filter(({ value }) => value !== undefined)).to.deep.equal([
      { name: 'OPTIPOD_A', value: '1' },
      { name: 'OPTIPOD_B', value: '2' },
      { name: 'OPTIPOD_PROMETHEUS_URL', value: 'http://10.0.0.9:9090' },
    ]);
    expect(webhook?.spec.template.spec.containers[0]).not.to.have.property('env');
    const configuration = find(changed, 'MutatingWebhookConfiguration', 'optipod-webhook');
    expect(configuration).to.have.nested.property('webhooks[0].clientConfig.service.namespace', 'right-sizing');
    expect(find(changed, 'ClusterRoleBinding', 'optipod').subjects).to.deep.equal([
      { kind: 'ServiceAccount', name: 'optipod', namespace: 'right-sizing' },
    ]);
  });

  for (const [props, message] of [
    [{ namespace: 'No' }, 'namespace: "No" is no namespace\'s name'],
    [{ prometheusUrl: 'prometheus:9090' }, 'prometheusUrl: "prometheus:9090" is no http or https URL'],
    [{ webhookReplicas: 0 }, 'webhookReplicas must be'],
    [{ operatorSettings: { LOG_LEVEL: 'debug' } }, '"LOG_LEVEL" is no environment variable of the operator'],
    [{ operatorSettings: { OPTIPOD_PROMETHEUS_URL: 'x' } }, 'OPTIPOD_PROMETHEUS_URL is the option prometheusUrl'],
  ] as const) {
    it(`refuses ${JSON.stringify(props)}`, () => {
      expect(() => new OptiPod(new App(), 'optipod', props)).to.throw(message);
    });
  }
});
