import { createHash } from 'node:crypto';
import { ConfigMap, type KubeObject, type ObjectsOf } from 'optipod/kube';
import { HISTORY_LABEL, journalUses } from 'optipod/lib/optipod';
import { createAccess, createClient, type KubeClient, loadClusterConfig } from '@optipod/operator/runtime';
import { createJournal } from '../../operator/journal/journal.js';

/** Whose readings are kept by tests, with what rights `installJournalAccount` gives. */
export const JOURNAL_ACCOUNT = { namespace: 'journal-test', name: 'keeper' } as const;

/** @param namespace where it is kept */
export function journalOf(client: KubeClient, provider: string, namespace: string = JOURNAL_ACCOUNT.namespace) {
  const access = createAccess({ client, namespace, fieldManager: 'test' }).to(journalUses(provider));
  return createJournal({ provider, access, namespace, creator: 'test' });
}

/** With the rights of a kubeconfig. */
export async function clientOf(kubeconfig: string): Promise<KubeClient> {
  return createClient(await loadClusterConfig({ kubeconfig }));
}

/** What is kept of a provider's readings, in the order of the names. */
export async function keptObjects(
  client: KubeClient,
  provider: string,
): Promise<readonly (KubeObject & ObjectsOf<typeof ConfigMap>)[]> {
  const { namespace } = JOURNAL_ACCOUNT;
  const { items } = await client.list(ConfigMap, { namespace, labelSelector: `${HISTORY_LABEL}=${provider}` });
  return items;
}

/** Bytes that cannot be compressed, always the same for the same readings. */
export function noise(readings: readonly number[], length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(readings.join(' ')).digest();
}
