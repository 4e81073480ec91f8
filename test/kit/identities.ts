import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Authority, type KeyPair, type Subject, createAuthority, createSigningKey } from './certificates.js';

/** Certificates and kubeconfigs of one cluster, as files: `pki/NAME.crt`, `pki/NAME.key`, `NAME.kubeconfig`. */
export class Identities {
  readonly #folder: string;
  readonly #authority: Authority;

  private constructor(folder: string, authority: Authority) {
    this.#folder = folder;
    this.#authority = authority;
  }

  static async create(folder: string): Promise<Identities> {
    const pki = join(folder, 'pki');
    mkdirSync(pki, { recursive: true, mode: 0o700 });
    const [authority, frontProxy, tokens] = await Promise.all([
      createAuthority('optipod-kit'),
      createAuthority('optipod-kit-front-proxy'),
      createSigningKey(),
    ]);
    const identities = new Identities(pki, authority);
    identities.#write('ca', authority);
    identities.#write('front-proxy-ca', frontProxy);
    identities.#write('front-proxy', await frontProxy.issue({ name: 'front-proxy-client' }));
    writeFileSync(identities.file('service-accounts.key'), tokens.privateKey, { mode: 0o600 });
    writeFileSync(identities.file('service-accounts.pub'), tokens.publicKey);
    return identities;
  }

  /** The authority's certificate, PEM. */
  get ca(): string {
    return this.#authority.cert;
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Issues a certificate, written to `pki/FILE.crt` and `pki/FILE.key`. */
  async issue(file: string, subject: Subject): Promise<KeyPair> {
    const pair = await this.#authority.issue(subject);
    this.#write(file, pair);
    return pair;
  }

  /** Issues a client certificate and writes a kubeconfig with it; gives its path and the certificate. */
  async kubeconfig(path: string, server: string, subject: Subject): Promise<KeyPair> {
    const pair = await this.#authority.issue(subject);
    writeFileSync(path, kubeconfig(server, this.ca, pair), { mode: 0o600 });
    return pair;
  }

  #write(name: string, { cert, key }: KeyPair): void {
    writeFileSync(this.file(`${name}.crt`), cert);
    writeFileSync(this.file(`${name}.key`), key, { mode: 0o600 });
  }
}

/** A kubeconfig (YAML) that needs no other file. */
export function kubeconfig(server: string, ca: string, pair: KeyPair): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'optipod-kit',
    contexts: [{ name: 'optipod-kit', context: { cluster: 'optipod-kit', user: 'optipod-kit' } }],
    clusters: [{ name: 'optipod-kit', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'optipod-kit',
        user: { 'client-certificate-data': base64(pair.cert), 'client-key-data': base64(pair.key) },
      },
    ],
  });
}
