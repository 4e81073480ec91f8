import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { ClusterConfig, ClusterTls } from './config.js';
import { messageOf } from './errors.js';
import type { KubeConfig } from './kubeconfig-client.js';
import { tokenFile } from './rotating-file.js';

/** How long credentials that an exec plugin, OIDC or files gave are used without asking again. */
const CREDENTIALS_REUSE_MS = 5_000;

/** Where kubectl looks when nothing else is said. */
export const usualKubeconfig = () => join(homedir(), '.kube', 'config');

/**
 * The cluster of a kubeconfig.
 * @param files paths separated as in the KUBECONFIG variable; the first that names a current context decides it
 * @throws Error when a file cannot be read or what it refers to is not there
 */
export async function loadKubeconfig(files: string = usualKubeconfig(), context?: string): Promise<ClusterConfig> {
  // Costs 0.7 s and 90 MB, which a pod with a service account need not spend.
  const { KubeConfig, loadYaml } = await import('./kubeconfig-client.js');
  const config = new KubeConfig();
  const tokenFiles = new Map<string, string>();
  const [first = '', ...others] = files.split(delimiter).filter((file) => file !== '');
  for (const file of [first, ...others]) {
    const one = file === first ? config : new KubeConfig();
    try {
      one.loadFromFile(file);
    } catch (error) {
      throw new Error(`the kubeconfig ${file} cannot be read: ${messageOf(error)}`, { cause: error });
    }
    if (one !== config) config.mergeConfig(one, Boolean(config.getCurrentContext()));
    for (const [user, path] of await tokenFilesOf(file, loadYaml))
      if (!tokenFiles.has(user)) tokenFiles.set(user, path);
  }
  if (context !== undefined) config.setCurrentContext(context);
  return fromKubeConfig(config, files, tokenFiles);
}

async function fromKubeConfig(
  config: KubeConfig,
  source: string,
  tokenFiles: ReadonlyMap<string, string>,
): Promise<ClusterConfig> {
  const name = config.getCurrentContext() as string | undefined;
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`no cluster for the context ${JSON.stringify(name ?? '')} in ${source}`);
  if (cluster.proxyUrl) throw new Error(`the proxy-url of cluster ${cluster.name} in ${source} is not supported`);
  const fixed: ClusterTls = {
    rejectUnauthorized: !cluster.skipTLSVerify,
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
  };
  const credentials = reuse(() => credentialsOf(config), CREDENTIALS_REUSE_MS);
  const { headers: allHeaders, tls } = await credentials();
  const { Authorization: _, ...headers } = allHeaders;
  const first: ClusterTls = { ...fixed, ...tls };
  const tokenPath = tokenFiles.get(config.getCurrentUser()?.name ?? '');
  let current = first;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(name ?? '')?.namespace ?? 'default',
    tls: first,
    async currentTls() {
      const now = { ...fixed, ...(await credentials()).tls };
      if (!isSame(now, current)) current = now;
      return current;
    },
    headers,
    authorization:
      tokenPath === undefined ? async () => (await credentials()).headers.Authorization : tokenFile(tokenPath),
  };
}

/** The `tokenFile` of each user, which client-node does not know. */
async function tokenFilesOf(file: string, parse: (text: string) => unknown): Promise<Map<string, string>> {
  const { users } = parse(await readFile(file, 'utf8')) as {
    readonly users?:
      readonly { readonly name: string; readonly user?: { readonly tokenFile?: string } | null }[] | null;
  };
  return new Map(
    (users ?? []).flatMap(({ name, user }): [string, string][] =>
      user?.tokenFile ? [[name, resolve(dirname(file), user.tokenFile)]] : [],
    ),
  );
}

function isSame(a: ClusterTls, b: ClusterTls): boolean {
  return (['ca', 'cert', 'key'] as const).every((part) => String(a[part]) === String(b[part]));
}

async function credentialsOf(config: KubeConfig) {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, auth } = options;
  const headers: Record<string, string> = {};
  for (const [header, value] of Object.entries(options.headers ?? {})) headers[header] = String(value);
  if (typeof auth === 'string') headers.Authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  return {
    headers,
    tls: { ...pem('ca', ca), ...pem('cert', cert), ...pem('key', key) },
  };
}

function pem<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string | Buffer>> {
  return typeof value === 'string' || Buffer.isBuffer(value)
    ? ({ [name]: value } as Record<Name, string | Buffer>)
    : {};
}

/** Shares one answer among calls that come together or shortly after each other: an exec plugin is a whole process. */
function reuse<T>(ask: () => Promise<T>, forMs: number): () => Promise<T> {
  let answer: { readonly value: Promise<T>; readonly at: number } | undefined;
  return () => {
    if (answer && performance.now() - answer.at < forMs) return answer.value;
    const value = ask();
    const mine = { value, at: performance.now() };
    answer = mine;
    value.catch(() => {
      if (answer === mine) answer = undefined;
    });
    return value;
  };
}
