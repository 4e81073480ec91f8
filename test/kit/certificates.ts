import 'reflect-metadata';
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

/** A certificate and its private key, both PEM (PKCS #8, EC P-256). */
export interface KeyPair {
  cert: string;
  key: string;
}

export interface Subject {
  name: string;
  /** Kubernetes reads a client's groups from here. */
  groups?: string[];
  /** For servers: what clients call it. */
  dns?: string[];
  ips?: string[];
}

export interface Authority {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  issue(subject: Subject): Promise<KeyPair>;
}

// Clocks of one machine agree; the hour is for a clock that is set back while a cluster runs.
const notBefore = () => new Date(Date.now() - 3_600_000);
const notAfter = () => new Date(Date.now() + 365 * 24 * 3_600_000);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: notBefore(),
    notAfter: notAfter(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  return {
    cert: ca.toString('pem'),
    key: await pem(keys),
    async issue({ name: commonName, groups = [], dns = [], ips = [] }) {
      const subjectKeys = await generateKeys();
      const names = [
        ...dns.map((value) => ({ type: 'dns' as const, value })),
        ...ips.map((value) => ({ type: 'ip' as const, value })),
      ];
      const extensions: Extension[] = [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
      ];
      if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: [{ CN: [commonName] }, ...groups.map((group) => ({ O: [group] }))],
        issuer: ca.subject,
        notBefore: notBefore(),
        notAfter: notAfter(),
        signingAlgorithm: algorithm,
        signingKey: keys.privateKey,
        publicKey: subjectKeys.publicKey,
        extensions,
      });
      return { cert: certificate.toString('pem'), key: await pem(subjectKeys) };
    },
  };
}

/** A key pair without a certificate, as service account tokens are signed with. Both PEM. */
export async function createSigningKey(): Promise<{ publicKey: string; privateKey: string }> {
  const privateKey = await pem(await generateKeys());
  return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function pem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function serialNumber(): string {
  // Positive, whatever the first byte: DER integers are signed.
  return `01${randomBytes(15).toString('hex')}`;
}
