import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { Cluster } from './connection.js';
import { waitFor } from './wait.js';

interface Identified {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** An object to apply. (Values of an interface need the first form, literals the second.) */
export type Manifest = Identified | (Identified & Readonly<Record<string, unknown>>);

/** core/v1 Event, as far as tests read it. */
export interface Event {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count?: number;
  readonly source?: { readonly component?: string };
  readonly involvedObject: { readonly kind: string; readonly namespace?: string; readonly name: string };
}

/**
 * Applies manifests, CustomResourceDefinitions first; resolves when their kinds are served.
 * @param manifests YAML, of any number of documents, or objects
 */
export async function install(cluster: Cluster, manifests: string | readonly Manifest[]): Promise<void> {
  const objects =
    typeof manifests === 'string'
      ? parseAllDocuments(manifests).flatMap((document) => (document.toJS() as Manifest | null) ?? [])
      : manifests;
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  const others = objects.filter((object) => !definitions.includes(object));
  for (const batch of [definitions, others]) {
    if (batch.length === 0) continue;
    // JSON has no words that are something else to kubectl, which reads YAML 1.1: there, a bare `Off` is false.
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: batch });
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
  }
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  if (names.length > 0) await established(cluster, ...names);
}

/**
 * Resolves when the kinds of definitions are served. kubectl gives up on one without any condition, as each is for a moment, and
 * on one that is not there: it is asked again.
 * @param definitions as kubectl takes them: `crd/…`, or `-f` and a file
 */
export async function established(cluster: Cluster, ...definitions: readonly string[]): Promise<void> {
  const wait = ['wait', '--for=condition=Established', ...definitions];
  await waitFor(`${definitions.join(' ')} to be served`, () => cluster.kubectl(wait));
}

/** The Events about an object, oldest first. */
export async function eventsOf(
  cluster: Cluster,
  { kind, name, namespace }: { readonly kind: string; readonly name: string; readonly namespace?: string },
): Promise<Event[]> {
  const { stdout } = await cluster.kubectl([
    'get',
    'events',
    // Those about cluster-scoped objects are in the namespace default.
    ...['--namespace', namespace ?? 'default'],
    ...['--field-selector', `involvedObject.kind=${kind},involvedObject.name=${name}`],
    '--sort-by=.metadata.creationTimestamp',
    '--output=json',
  ]);
  return (JSON.parse(stdout) as { items: Event[] }).items;
}

/** @returns the path of a kubeconfig with the rights of a service account, and its namespace as the context's. */
export async function kubeconfigOf(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const { stdout: token } = await cluster.kubectl(['create', 'token', name, '--namespace', namespace]);
  const file = join(cluster.folder, `${namespace}-${name}.kubeconfig`);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [
      {
        name: 'here',
        cluster: {
          server: cluster.server,
          'certificate-authority-data': Buffer.from(cluster.ca).toString('base64'),
        },
      },
    ],
    users: [{ name, user: { token: token.trim() } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: name, namespace } }],
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
  return file;
}
