import { MutatingWebhookConfiguration } from 'optipod/kube';
import { Registry } from 'prom-client';
import { createAuthority, issueLeaf, silentLogger, type KubeClient } from '../../../operator/runtime/index.js';
import { admissionApp, serveTls, type AdmissionHandler } from '../../../webhook/server/index.js';

/** What it puts on pods. */
export const LABEL = 'example.com/seen';

const handler: AdmissionHandler = {
  path: '/label',
  onError: { allowed: true },
  review({ object }) {
    const labels = object?.metadata.labels;
    if (labels?.[LABEL]) return { allowed: true };
    const value = { ...labels, [LABEL]: 'true' };
    return { allowed: true, patch: [{ op: 'add', path: '/metadata/labels', value }] };
  },
};

/** A mutating webhook of somebody else's that kube-apiserver asks after ours (they are asked by name), for one namespace. */
export async function startLabeller(client: KubeClient, namespace: string): Promise<{ stop(): Promise<void> }> {
  const now = new Date();
  const authority = await createAuthority(now);
  const certificate = await issueLeaf(authority, ['localhost'], now);
  const app = admissionApp([handler], { log: silentLogger, metrics: new Registry() });
  const server = await serveTls(app, { host: '127.0.0.1', port: 0, certificate });
  const name = 'zz-labeller';
  const url = `https://localhost:${server.port}${handler.path}`;
  await client.create(MutatingWebhookConfiguration, {
    metadata: { name },
    webhooks: [
      {
        name: 'labeller.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        clientConfig: { url, caBundle: Buffer.from(authority.cert).toString('base64') },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  });
  return {
    async stop() {
      await client.delete(MutatingWebhookConfiguration, { name });
      await server.close();
    },
  };
}
