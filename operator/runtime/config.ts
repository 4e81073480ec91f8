import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { loadKubeconfig, usualKubeconfig } from './kubeconfig.js';
import { rotatingFile, tokenFile } from './rotating-file.js';

/** How to reach a kube-apiserver, and as whom. */
export interface ClusterConfig {
  /** `https://host:port`, with a path where the server is behind one. */
  readonly server: string;
  /** The namespace that names without one are in: the pod's own in a cluster, the context's otherwise. */
  readonly namespace: string;
  readonly tls: ClusterTls;
  /** The same as it is now: the object it gave before as long as nothing changed. Asked before each request. @default `tls` */
  currentTls?(): Promise<ClusterTls>;
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

/**
 * How often at most the service account's files are looked at, since each request asks for them: a CA that changes is announced
 * long before it is needed, and a token is replaced long before it expires.
 */
const LOOK_AGAIN_MS = 1_000;

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
  const usual = usualKubeconfig();
  if (kubeconfig === undefined && !existsSync(usual)) {
    const looked = `KUBECONFIG is not set, this is not a pod, and there is no ${usual}`;
    throw new Error(`no cluster: ${looked}; set KUBECONFIG to a kubeconfig's path`);
  }
  return loadKubeconfig(kubeconfig, context);
}

async function inCluster(server: string, folder: string): Promise<ClusterConfig> {
  const readCa = rotatingFile(join(folder, 'ca.crt'), LOOK_AGAIN_MS);
  const [ca, namespace] = await Promise.all([readCa(), readFile(join(folder, 'namespace'), 'utf8')]);
  const first: ClusterTls = { ca, rejectUnauthorized: true };
  let tls = first;
  return {
    server,
    namespace: namespace.trim(),
    tls: first,
    async currentTls() {
      const now = await readCa();
      if (now !== tls.ca) tls = { ...tls, ca: now };
      return tls;
    },
    authorization: tokenFile(join(folder, 'token'), LOOK_AGAIN_MS),
  };
}
