import { readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { loadKubeconfig } from './kubeconfig.js';

/** How to reach a kube-apiserver, and as whom. */
export interface ClusterConfig {
  /** `https://host:port`, with a path where the server is behind one. */
  readonly server: string;
  /** The namespace that names without one are in: the pod's own in a cluster, the context's otherwise. */
  readonly namespace: string;
  readonly tls: ClusterTls;
  /** Headers of every request besides Authorization (impersonation). */
  readonly headers?: Readonly<Record<string, string>>;
  /** The Authorization header as it is now; asked before each request, so that short-lived tokens are renewed. */
  authorization(): Promise<string | undefined>;
}

/** PEM everywhere; as read at start. */
export interface ClusterTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** What the server's certificate is checked against, where that is not the host of its URL. */
  readonly servername?: string;
  /** @default true */
  readonly rejectUnauthorized?: boolean;
}

export interface ClusterConfigOptions {
  /** A kubeconfig file. @default KUBECONFIG; then the pod's service account; then ~/.kube/config */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig. @default its current context */
  readonly context?: string;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the service account is mounted. @default '/var/run/secrets/kubernetes.io/serviceaccount' */
  readonly serviceAccount?: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the cluster in the order controller-runtime does: a kubeconfig that was asked for (argument, then KUBECONFIG), the
 * service account of the pod this runs in, `~/.kube/config`. A kubeconfig's exec plugins and OIDC work.
 * @throws Error when there is none, or it cannot be read
 */
export async function loadClusterConfig(options: ClusterConfigOptions = {}): Promise<ClusterConfig> {
  const { env = process.env, serviceAccount = SERVICE_ACCOUNT, context } = options;
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  const kubeconfig = options.kubeconfig ?? (env.KUBECONFIG === '' ? undefined : env.KUBECONFIG);
  if (kubeconfig === undefined && context === undefined && host && port) {
    return inCluster(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, serviceAccount);
  }
  return loadKubeconfig(kubeconfig, context);
}

async function inCluster(server: string, folder: string): Promise<ClusterConfig> {
  const [ca, namespace] = await Promise.all([
    readFile(join(folder, 'ca.crt'), 'utf8'),
    readFile(join(folder, 'namespace'), 'utf8'),
  ]);
  return {
    server,
    namespace: namespace.trim(),
    tls: { ca, rejectUnauthorized: true },
    authorization: tokenFile(join(folder, 'token')),
  };
}

/** The bearer token in a file that the kubelet replaces well before the token ends; looking at the file costs 50 µs. */
function tokenFile(path: string): () => Promise<string> {
  let header = '';
  let modified = 0;
  return async () => {
    const { mtimeMs } = await stat(path);
    if (mtimeMs !== modified || header === '') {
      const token = (await readFile(path, 'utf8')).trim();
      if (token === '') throw new Error(`the service account token ${path} is empty`);
      header = `Bearer ${token}`;
      modified = mtimeMs;
    }
    return header;
  };
}
