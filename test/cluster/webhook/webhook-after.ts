import { MutatingWebhookConfiguration, type JsonPatchOperation, type Pod } from 'optipod/kube';
import { Registry } from 'prom-client';
import { createAuthority, issueLeaf, silentLogger, type KubeClient } from '../../../operator/runtime/index.js';
import { admissionApp, serveTls, type AdmissionHandler } from '../../../webhook/server/index.js';

/**
 * A mutating webhook of somebody else's that kube-apiserver asks after ours (they are asked by name), for one namespace.
 * @param change what it does to a pod
 */
export async function startWebhookAfter(
  client: KubeClient,
  namespace: string,
  change: (pod: Pod) => readonly JsonPatchOperation[],
): Promise<{ stop(): Promise<void> }> {
  const handler: AdmissionHandler = {
    path: '/after',
    onError: { allowed: true },
    review: ({ object }) => ({ allowed: true, patch: [...change(object as Pod)] }),
  };
  const now = new Date();
  const authority = await createAuthority(now);
  const certificate = await issueLeaf(authority, ['localhost'], now);
  const app = admissionApp([handler], { log: silentLogger, metrics: new Registry() });
  const server = await serveTls(app, { host: '127.0.0.1', port: 0, certificate });
  const name = 'zz-after';
  const url = `https://localhost:${server.port}${handler.path}`;
  await client.create(MutatingWebhookConfiguration, {
    metadata: { name },
    webhooks: [
      {
        name: 'after.example.com',
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
