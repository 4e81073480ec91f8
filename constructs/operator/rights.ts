import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Use } from '../../lib/kube/index.js';
import { rightsOf, type PolicyRule } from './rbac.js';

/** Where the objects of an installation go: cluster-scoped ones must be in a chart that has no namespace. */
export interface Scopes {
  readonly cluster: Construct;
  readonly namespaced: Construct;
}

const API_VERSION = 'rbac.authorization.k8s.io/v1';

/**
 * Grants a service account what the uses declare, and nothing else: a ClusterRole and a Role, each with its binding, all
 * called like the account; a role without rules is left out.
 */
export function grant(scopes: Scopes, account: { name: string; namespace: string }, uses: readonly Use[]): void {
  const { cluster, ownNamespace } = rightsOf(uses);
  if (cluster.length > 0) role(scopes.cluster, 'ClusterRole', account, cluster);
  if (ownNamespace.length > 0) role(scopes.namespaced, 'Role', account, ownNamespace);
}

function role(
  scope: Construct,
  kind: 'ClusterRole' | 'Role',
  account: { name: string; namespace: string },
  rules: readonly PolicyRule[],
): void {
  const metadata = { name: account.name, ...(kind === 'Role' ? { namespace: account.namespace } : {}) };
  new ApiObject(scope, `${account.name}-${kind}`, { apiVersion: API_VERSION, kind, metadata, rules });
  new ApiObject(scope, `${account.name}-${kind}Binding`, {
    apiVersion: API_VERSION,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: account.name },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  });
}
