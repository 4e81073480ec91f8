import { App, Chart, Testing } from 'cdk8s';
import { expect } from 'chai';
import { webhookConfigurations } from '../../../constructs/operator/index.js';
import { defineAdmission, Namespace, PodKind, type AdmissionDefinition } from '../../../lib/kube/index.js';
import { optipod } from '../../../lib/optipod/index.js';

const service = { name: 'hooks', namespace: 'home', port: 443 };

const checked = defineAdmission(Namespace, {
  name: 'namespaces.example.com',
  type: 'validating',
  path: '/validate',
  operations: ['CREATE', 'UPDATE'],
  failurePolicy: 'Fail',
  timeoutSeconds: 3,
  uses: {},
});

const changed = defineAdmission(PodKind, { ...checked, name: 'pods.example.com', type: 'mutating', path: '/mutate' });

describe('webhook configurations derived from admission handlers', () => {
  it('exist only for the types that are defined', () => {
    expect(kinds([])).to.deep.equal([]);
    expect(kinds([checked])).to.deep.equal(['ValidatingWebhookConfiguration']);
    expect(kinds([checked, changed])).to.have.members([
      'MutatingWebhookConfiguration',
      'ValidatingWebhookConfiguration',
    ]);
  });

  it('say what a handler says, and name no certificate authority', () => {
    const [configuration] = synth([checked]);
    expect(configuration).to.deep.equal({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'example' },
      webhooks: [
        {
          name: 'namespaces.example.com',
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { ...service, path: '/validate' } },
          rules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              resources: ['namespaces'],
              operations: ['CREATE', 'UPDATE'],
              scope: 'Cluster',
            },
          ],
          failurePolicy: 'Fail',
          timeoutSeconds: 3,
          sideEffects: 'None',
        },
      ],
    });
  });

  it('of OptiPod can never keep a pod from starting, and reach only namespaces that opted in', () => {
    const configuration = synth(optipod.admission).find(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const webhook = configuration?.webhooks[0];
    expect(webhook).to.deep.include({
      failurePolicy: 'Ignore',
      sideEffects: 'None',
      reinvocationPolicy: 'IfNeeded',
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'], scope: 'Namespaced' },
      ],
    });
    expect(webhook?.timeoutSeconds).to.be.at.most(5);
    expect(webhook).to.have.nested.property('namespaceSelector.matchLabels').that.deep.equals({
      'optipod.io/webhook': 'enabled',
    });
    const names = (webhook?.namespaceSelector as Selector).matchExpressions;
    for (const name of names) expect(name).to.include({ key: 'kubernetes.io/metadata.name', operator: 'NotIn' });
    const excluded = names.flatMap(({ values }) => values);
    expect(excluded).to.have.members(['kube-system', 'kube-public', 'kube-node-lease', service.namespace]);
    expect((webhook?.objectSelector as Selector).matchExpressions).to.deep.equal([
      { key: 'app.kubernetes.io/name', operator: 'NotIn', values: ['optipod', 'optipod-webhook'] },
    ]);
  });

  it('B-WEB-4 of OptiPod judge policies everywhere, its own namespace among it, and stand in nobody’s way', () => {
    const configuration = synth(optipod.admission).find(({ kind }) => kind === 'ValidatingWebhookConfiguration');
    expect(configuration?.webhooks).to.deep.equal([
      {
        name: 'policies.optipod.io',
        admissionReviewVersions: ['v1'],
        clientConfig: { service: { ...service, path: '/validate' } },
        rules: [
          {
            apiGroups: ['optipod.io'],
            apiVersions: ['v1alpha1'],
            resources: ['optimizationpolicies'],
            operations: ['CREATE', 'UPDATE'],
            scope: 'Namespaced',
          },
        ],
        failurePolicy: 'Ignore',
        timeoutSeconds: 5,
        sideEffects: 'None',
      },
    ]);
  });
});

interface Selector {
  readonly matchExpressions: readonly { key: string; operator: string; values: string[] }[];
}

interface Configuration {
  readonly kind: string;
  readonly webhooks: readonly Record<string, unknown>[];
}

function synth(admission: readonly AdmissionDefinition[]): Configuration[] {
  const chart = new Chart(new App(), 'chart');
  webhookConfigurations(chart, 'example', admission, service);
  return Testing.synth(chart) as Configuration[];
}

function kinds(admission: readonly AdmissionDefinition[]): string[] {
  return synth(admission).map(({ kind }) => kind);
}
