import type { Credentials, TlsFiles } from './credentials.js';

/** What can be said about who asks, and whom they trust. */
export interface Access extends Credentials, TlsFiles {
  /** Sent with everything. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What somebody sets to say it, `OPTIPOD_PROMETHEUS_TOKEN`. */
export type SettingName = (option: keyof Access) => string;

/** What to look at where a server refused to answer whoever asks. @returns empty where it refused something else */
export function refusalAdvice(statusCode: number, access: Access, name: SettingName): string {
  if (statusCode !== 401 && statusCode !== 403) return '';
  const basic = `${name('username')} with ${name('password')}`;
  const shown = access.token ? name('token') : access.username === undefined ? undefined : basic;
  if (shown === undefined) {
    const tenant = access.headers ? '' : ', and where it has tenants in ' + name('headers');
    return `; nobody was named as asking, which goes in ${basic} or ${name('token')}${tenant}`;
  }
  return statusCode === 401 ? `; it does not take ${shown}` : `; it knows who asks by ${shown}, who may not do so`;
}

/** Of Node.js, about the server's certificate: nobody who is trusted signed it. */
const UNTRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** Of TLS, what a server says about the client's certificate or for want of one. */
const CLIENT_REFUSED = /ALERT_(.*CERTIFICATE.*|HANDSHAKE_FAILURE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;

/** What is left of such an alert with TLS 1.3, where it comes after the client has begun to ask: the connection is closed. */
const CLOSED = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** What to look at where a connection did not come about. @returns empty where no setting is behind it */
export function connectionAdvice(error: unknown, isTls: boolean, access: Access, name: SettingName): string {
  const code = codeOf(error);
  if (UNTRUSTED.includes(code)) return `; who signs its certificate is to be in the file of ${name('caFile')}`;
  const may = CLOSED.includes(code);
  if (isTls && (may || CLIENT_REFUSED.test(code))) {
    if (access.certFile !== undefined) {
      return `; it ${may ? 'may not' : 'does not'} take the client certificate in ${name('certFile')}`;
    }
    const wants = may ? 'may want' : 'wants';
    return `; it ${wants} a client certificate, in ${name('certFile')} with ${name('keyFile')}`;
  }
  // What OpenSSL cannot make of certificates and keys; its message has neither name nor path.
  if (code.startsWith('ERR_OSSL_')) return `; see ${fileOptions(access).map(name).join(' and ')}`;
  return '';
}

/** What to look at where a file could not be read. @returns empty where it is none of these */
export function fileAdvice(error: unknown, access: Access, name: SettingName): string {
  const path = error instanceof Error && 'path' in error ? error.path : undefined;
  const option = fileOptions(access).find((candidate) => access[candidate] === path);
  return path === undefined || option === undefined ? '' : `; see ${name(option)}`;
}

function fileOptions(access: Access): ('caFile' | 'certFile' | 'keyFile')[] {
  return (['caFile', 'certFile', 'keyFile'] as const).filter((option) => access[option] !== undefined);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
