import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterConfig } from './config.js';

/** How long a header that an exec plugin or OIDC gave is used without asking again. */
const HEADER_REUSE_MS = 5_000;

/**
 * The cluster of a kubeconfig.
 * @param files paths separated as in the KUBECONFIG variable; the first that names a current context decides it
 * @throws Error when a file cannot be read or what it refers to is not there
 */
export async function loadKubeconfig(
  files: string = join(homedir(), '.kube', 'config'),
  context?: string,
): Promise<ClusterConfig> {
  // Costs 0.7 s and 90 MB, which a pod with a service account need not spend.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const [first = '', ...others] = files.split(delimiter).filter((file) => file !== '');
  config.loadFromFile(first);
  for (const file of others) {
    const other = new KubeConfig();
    other.loadFromFile(file);
    config.mergeConfig(other, Boolean(config.getCurrentContext()));
  }
  if (context !== undefined) config.setCurrentContext(context);
  return fromKubeConfig(config, files);
}

async function fromKubeConfig(config: KubeConfig, source: string): Promise<ClusterConfig> {
  const name = config.getCurrentContext() as string | undefined;
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`no cluster for the context ${JSON.stringify(name ?? '')} in ${source}`);
  if (cluster.proxyUrl) throw new Error(`the proxy-url of cluster ${cluster.name} in ${source} is not supported`);
  const credentials = await credentialsOf(config);
  const { Authorization: _, ...headers } = credentials.headers;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(name ?? '')?.namespace ?? 'default',
    tls: {
      rejectUnauthorized: !cluster.skipTLSVerify,
      ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
      ...credentials.tls,
    },
    headers,
    authorization: reuse(async () => (await credentialsOf(config)).headers.Authorization, HEADER_REUSE_MS),
  };
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
