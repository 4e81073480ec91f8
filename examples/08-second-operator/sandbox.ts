/** Sandboxes: a namespace with a quota, for one person and some hours. */
import { defineController, defineOperator, defineResource, kind, Namespace, owned, quantity, use } from 'optipod/kube';

const HOUR_MS = 3_600_000;

export const Sandbox = defineResource({
  group: 'demo.example.com',
  version: 'v1alpha1',
  kind: 'Sandbox',
  scope: 'Cluster',
  description: 'A namespace with a quota, for one person and some hours.',
  spec: {
    type: 'object',
    required: ['owner'],
    properties: {
      owner: { type: 'string', minLength: 1, maxLength: 253, description: 'Who may edit what is in it: a user name.' },
      hours: { type: 'integer', minimum: 1, maximum: 168, default: 24, description: 'How long it lives.' },
      cpu: quantity({ default: '4', description: 'CPU that its pods may request together.' }),
      memory: quantity({ default: '8Gi', description: 'Memory that its pods may request together.' }),
    },
  },
  status: { type: 'object', properties: { namespace: { type: 'string' }, expires: { type: 'string' } } },
  printerColumns: [
    { name: 'Owner', type: 'string', jsonPath: '.spec.owner' },
    { name: 'Expires', type: 'string', jsonPath: '.status.expires' },
  ],
});

const Quota = kind('', 'v1', 'ResourceQuota', 'resourcequotas');
const RoleBinding = kind('rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rolebindings');
const ClusterRole = kind('rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles', 'Cluster');

const lifetime = defineController(Sandbox, {
  uses: {
    self: use(Sandbox, ['delete']),
    namespaces: owned(Namespace),
    quotas: owned(Quota),
    bindings: owned(RoleBinding),
    edit: use(ClusterRole, ['bind'], { names: ['edit'] }),
  },
  async reconcile({ metadata, spec: { owner, hours, cpu, memory } }, { self, namespaces, quotas, bindings }, { now }) {
    const expires = Date.parse(metadata.creationTimestamp) + hours * HOUR_MS;
    const isOver = expires <= now();
    // What it owns goes with it.
    if (isOver && !metadata.deletionTimestamp) await self.delete(metadata);
    if (isOver || metadata.deletionTimestamp) return undefined;
    const namespace = `sandbox-${metadata.name}`;
    const hard = { 'requests.cpu': cpu, 'requests.memory': memory };
    const roleRef = { apiGroup: ClusterRole.group, kind: ClusterRole.kind, name: 'edit' };
    const subjects = [{ apiGroup: ClusterRole.group, kind: 'User', name: owner }];
    await namespaces.apply({ metadata: { name: namespace } });
    await quotas.apply({ metadata: { namespace, name: 'sandbox' }, spec: { hard } });
    await bindings.apply({ metadata: { namespace, name: 'owner' }, roleRef, subjects });
    return { status: { namespace, expires: new Date(expires).toISOString() }, requeueAfterMs: expires - now() };
  },
});

export default defineOperator({ name: 'sandbox-operator', controllers: [lifetime] });
