import type { SecretSource } from 'optipod/kube';
import { checkAuthorization, checkClientCertificate } from 'optipod/lib/optipod';
import { rotatingFile, tokenFile, type ClusterTls } from '../../runtime/index.js';

/** How to show who asks. */
export interface Credentials {
  /** Basic authentication, with the password. */
  readonly username?: string | undefined;
  readonly password?: SecretSource | undefined;
  /** Bearer authentication. */
  readonly token?: SecretSource | undefined;
}

/**
 * The Authorization header as it is now; undefined where there are no credentials. Files are read again when they change.
 * @throws Error of the function itself where credentials contradict each other; of what it returns, where a file cannot be read
 */
export function authorization({ username, password, token }: Credentials): () => Promise<string | undefined> {
  checkAuthorization({ username, password, token });
  if (token) return 'file' in token ? tokenFile(token.file) : () => Promise.resolve(`Bearer ${token.value}`);
  if (username === undefined || !password) return () => Promise.resolve(undefined);
  const read = 'file' in password ? rotatingFile(password.file) : () => Promise.resolve(password.value);
  return async () => {
    // Editors and `echo` end a file with a newline, which belongs to no secret.
    const secret = (await read()).replace(/\r?\n$/, '');
    return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
  };
}

/** Whom to trust, and a client certificate; paths of PEM files. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/**
 * TLS as these files have it now: the same object while none of them changed.
 * @throws Error of the function itself for a certificate without a key; of what it returns, where a file cannot be read
 */
export function currentTls(files: TlsFiles): () => Promise<ClusterTls> {
  const { caFile, certFile, keyFile, insecureSkipVerify = false } = files;
  checkClientCertificate({ certFile, keyFile });
  const nothing = () => Promise.resolve(undefined);
  const read = [caFile, certFile, keyFile].map((file) => (file === undefined ? nothing : rotatingFile(file)));
  let before: readonly (string | undefined)[] | undefined;
  let tls: ClusterTls = {};
  return async () => {
    const now = await Promise.all(read.map((file) => file()));
    if (before && now.every((content, index) => content === before?.[index])) return tls;
    before = now;
    const [ca, cert, key] = now;
    tls = {
      rejectUnauthorized: !insecureSkipVerify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    return tls;
  };
}
