import { App } from 'cdk8s';
import { expect } from 'chai';
import { Operator, type OperatorProps } from 'optipod/install';
import {
  defineAdmission,
  defineController,
  defineOperator,
  defineResource,
  Namespace,
  owned,
  type OperatorDefinition,
} from 'optipod/kube';
import { deploymentsIn, find, manifestsIn, type Manifest } from './synth.js';

const Room = defineResource({
  group: 'demo.example.com',
  version: 'v1',
  kind: 'Room',
  scope: 'Cluster',
  description: 'A room.',
  spec: { type: 'object', properties: { size: { type: 'integer' } } },
});

const rooms = defineController(Room, {
  uses: { namespaces: owned(Namespace) },
  async reconcile({ metadata: { name } }, { namespaces }) {
    await namespaces.apply({ metadata: { name } });
  },
});

const review = defineAdmission(Room, {
  name: 'rooms.example.com',
  type: 'validating',
  path: '/rooms',
  operations: ['CREATE'],
  failurePolicy: 'Fail',
  timeoutSeconds: 3,
  uses: {},
});

const operator = defineOperator({ name: 'rooms', image: 'registry.example.com/rooms:1', controllers: [rooms] });
const admitting = defineOperator({ ...operator, admission: [review] });
const PEM = '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n';
const ADMITTING: OperatorProps = { admission: { command: ['node', 'webhook.js'] } };

describe('an installation of any declared operator', () => {
  it('B-FRM-1 follows from its definition alone', () => {
    const manifests = synth(operator);
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).to.deep.equal([
      'Namespace rooms',
      'CustomResourceDefinition rooms.demo.example.com',
      'ClusterRole rooms',
      'ClusterRoleBinding rooms',
      'Role rooms',
      'RoleBinding rooms',
      'ServiceAccount rooms',
      'Deployment rooms',
      'PodDisruptionBudget rooms',
      'NetworkPolicy rooms',
    ]);
    const [deployment] = deploymentsIn(manifests);
    expect(deployment?.spec.replicas).to.equal(2);
    expect(deployment?.spec.template.spec.containers[0]).to.include({ image: 'registry.example.com/rooms:1' });
    expect(deployment?.spec.template.spec.containers[0]).not.to.have.property('command');
  });

  it('B-OPR-5 grants what controllers declare and what the runtime needs for them, and nothing else', () => {
    const manifests = synth(operator);
    expect(find(manifests, 'ClusterRole', 'rooms').rules).to.deep.equal([
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      {
        apiGroups: [''],
        resources: ['namespaces'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
      },
      { apiGroups: ['demo.example.com'], resources: ['rooms'], verbs: ['list', 'watch'] },
    ]);
    expect(find(manifests, 'Role', 'rooms').rules).to.deep.equal([
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['rooms'], verbs: ['get', 'patch'] },
    ]);
  });

  it('has what serves its admission handlers, where it has some', () => {
    const manifests = synth(admitting, ADMITTING);
    for (const [kind, name] of [
      ['Deployment', 'rooms-webhook'],
      ['Service', 'rooms-webhook'],
      ['PodDisruptionBudget', 'rooms-webhook'],
      ['NetworkPolicy', 'rooms-webhook'],
      ['ValidatingWebhookConfiguration', 'rooms-webhook'],
    ] as const)
      find(manifests, kind, name);
    // Only the certificate that it serves with, and in its own namespace.
    expect(
      manifests.filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === 'rooms-webhook'),
    ).to.have.length(1);
    expect(find(manifests, 'Role', 'rooms-webhook').rules).to.deep.equal([
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['rooms-webhook-tls'],
        verbs: ['list', 'watch'],
      },
    ]);
    expect(find(manifests, 'ClusterRole', 'rooms').rules).to.deep.include({
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations'],
      resourceNames: ['rooms-webhook'],
      verbs: ['get', 'list', 'watch', 'patch'],
    });
  });

  it('can have webhooks alone, and somebody who keeps their certificate', () => {
    const webhooks = defineOperator({ name: 'rooms', resources: [Room], admission: [review] });
    const names = (props: Parameters<typeof synth>[1]) =>
      deploymentsIn(synth(webhooks, { ...ADMITTING, image: 'i', ...props })).map(({ metadata }) => metadata.name);
    expect(names({})).to.deep.equal(['rooms', 'rooms-webhook']);
    expect(names({ certificate: { mode: 'secret', secretName: 'own', caBundle: PEM } })).to.deep.equal([
      'rooms-webhook',
    ]);
  });

  for (const [what, props, message] of [
    ['no command for admission', {}, 'admission.command: there is none'],
    ['no replicas', { controllers: { replicas: 0 } }, 'controllers.replicas: 0 is no number of pods'],
    [
      'an amount that is none',
      { controllers: { resources: { requests: { cpu: 'much' } } } },
      'controllers.resources.requests.cpu: "much" is no amount of a resource; 500m and 1Gi are',
    ],
    [
      'a request above its limit',
      { controllers: { resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } } },
      'controllers.resources.requests.memory: "2Gi" is above the limit 1Gi',
    ],
    ['a wrong label', { podLabels: { a: 'b c' } }, 'podLabels: "a" is "b c", which is wrong: a valid label must be'],
    [
      'a wrong annotation',
      { podAnnotations: { '/a': 'b' } },
      'podAnnotations: "/a" is wrong: prefix part must be non-empty',
    ],
    ['a wrong Secret', { imagePullSecrets: ['No'] }, 'imagePullSecrets: "No" is wrong: a lowercase RFC 1123 subdomain'],
    ['a wrong variable', { controllers: { env: { 'a-b': '' } } }, 'controllers.env: "a-b" is no environment variable'],
    [
      'a bundle that is none',
      { certificate: { mode: 'secret', secretName: 'tls', caBundle: 'LS0t' } },
      'certificate.caBundle: there is no certificate in it; it must be PEM',
    ],
    [
      'days for cert-manager',
      { certificate: { mode: 'cert-manager', duration: '90d' } },
      'certificate.duration: "90d" is no duration of cert-manager\'s; it must be one such as 2160h',
    ],
    [
      'an interval without a unit',
      { serviceMonitor: { interval: '30' } },
      'serviceMonitor.interval: "30" is no duration; it must be one such as 30s or 1m',
    ],
  ] as const) {
    it(`refuses ${what}, and says what would be right`, () => {
      const complete = what === 'no command for admission' ? props : { ...ADMITTING, ...props };
      expect(() => synth(admitting, complete)).to.throw(message);
    });
  }

  it('refuses to be without an image', () => {
    expect(() => synth(defineOperator({ name: 'rooms', controllers: [rooms] }))).to.throw(
      'image: rooms is defined with none; give the image that its pods run',
    );
  });
});

function synth(definition: OperatorDefinition, props?: OperatorProps): Manifest[] {
  const app = new App();
  new Operator(app, 'operator', definition, props);
  return manifestsIn(app.synthYaml());
}
