import { manifestsYaml } from 'optipod/install';
import { parseAllDocuments } from 'yaml';
import { install, kubeconfigOf, type Cluster, type Manifest } from '../kit/index.js';

/** All of an installation but what would run as pods. */
const INSTALLED = [
  'Namespace',
  'CustomResourceDefinition',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'MutatingWebhookConfiguration',
];

/** Whose rights the operator has. */
export const OPERATOR_ACCOUNT = { namespace: 'optipod-system', name: 'optipod' } as const;

function installed(): Manifest[] {
  return parseAllDocuments(manifestsYaml())
    .map((document) => document.toJS() as Manifest)
    .filter(({ kind }) => INSTALLED.includes(kind));
}

/** Installs what an operator needs that runs in this process. @returns the path of a kubeconfig with its rights */
export async function installOperator(cluster: Cluster): Promise<string> {
  await install(cluster, installed());
  return kubeconfigOf(cluster, OPERATOR_ACCOUNT);
}

/** Takes it away again; resolves when that has begun. */
export async function uninstallOperator(cluster: Cluster): Promise<void> {
  const input = installed()
    .map((object) => JSON.stringify(object))
    .join('\n');
  await cluster.kubectl(['delete', '--wait=false', '--ignore-not-found', '-f', '-'], { input });
}
