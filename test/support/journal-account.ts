import { journalUses } from 'optipod/lib/optipod';
import { rightsOf } from '../../constructs/operator/index.js';
import { type Cluster, install, kubeconfigOf } from '../kit/index.js';
import { JOURNAL_ACCOUNT } from './kept-readings.js';

/** A namespace, and in it an account that may do what keeping readings takes and no more; @returns its kubeconfig's path. */
export async function installJournalAccount(cluster: Cluster): Promise<string> {
  const { namespace, name } = JOURNAL_ACCOUNT;
  const metadata = { namespace, name };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const { ownNamespace: rules } = rightsOf(Object.values(journalUses('any')));
  await install(cluster, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion, kind: 'Role', metadata, ...{ rules } },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      ...{
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', ...metadata }],
      },
    },
  ]);
  return kubeconfigOf(cluster, JOURNAL_ACCOUNT);
}
