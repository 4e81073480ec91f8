import 'reflect-metadata';
import { X509Certificate, createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as IssuerCertificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), both PEM, EC P-256. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const AUTHORITY_LIFE_MS = 3650 * DAY_MS;
const LEAF_LIFE_MS = 90 * DAY_MS;
/** Certificates begin this much in the past: the clocks of a cluster's nodes differ. */
const CLOCK_SKEW_MS = HOUR_MS;
/** A year: every leaf that an authority signed before it was due for renewal has long been replaced when it expires. */
const AUTHORITY_RENEWAL_MS = 365 * DAY_MS;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new certificate authority that signs itself, for ten years. */
export async function createAuthority(now: Date, name = 'webhook-authority'): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(now, AUTHORITY_LIFE_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      // Signs leaves only.
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString('pem') + '\n', key: await privateKeyOf(keys) };
}

/**
 * A new serving certificate, for 90 days.
 * @param names the DNS names it is for; the first is also its subject
 */
export async function issueLeaf(authority: KeyPair, names: readonly string[], now: Date): Promise<KeyPair> {
  const issuer = new IssuerCertificate(authority.cert);
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // RFC 5280 allows a common name of 64 characters, and names of services in long namespaces are longer.
    subject: [{ CN: [(names[0] ?? '').slice(0, 64)] }],
    issuer: issuer.subject,
    ...validity(now, LEAF_LIFE_MS),
    signingAlgorithm: ALGORITHM,
    signingKey: await importPrivateKey(authority.key),
    publicKey: keys.publicKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { cert: certificate.toString('pem') + '\n', key: await privateKeyOf(keys) };
}

/** When a certificate (PEM) is to be replaced: a leaf at two thirds of its life, an authority a year before its end. */
export function renewalTime(pem: string): Date {
  const certificate = new X509Certificate(pem);
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  return new Date(certificate.ca ? to - AUTHORITY_RENEWAL_MS : from + ((to - from) * 2) / 3);
}

export function renewalDue(pem: string, now: Date): boolean {
  return now >= renewalTime(pem);
}

/** When a certificate made here was issued. */
export function issuedAt(pem: string): Date {
  return new Date(Date.parse(new X509Certificate(pem).validFrom) + CLOCK_SKEW_MS);
}

export function expiryOf(pem: string): Date {
  return new Date(Date.parse(new X509Certificate(pem).validTo));
}

/** Whether this is a certificate and its key, valid now. Whatever cannot be read is not. */
export function isUsablePair({ cert, key }: KeyPair, now: Date): boolean {
  try {
    const certificate = new X509Certificate(cert);
    return isCurrent(certificate, now) && certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

export function isUsableAuthority(pair: KeyPair, now: Date): boolean {
  return isUsablePair(pair, now) && isAuthority(pair.cert, now);
}

/** Whether this is an authority's certificate, valid now. */
export function isAuthority(pem: string, now: Date): boolean {
  try {
    const certificate = new X509Certificate(pem);
    return certificate.ca && isCurrent(certificate, now);
  } catch {
    return false;
  }
}

/** Whether a certificate is for all these names. */
export function coversNames(pem: string, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  // Clients do not look at the subject.
  return names.every((name) => certificate.checkHost(name, { subject: 'never' }) !== undefined);
}

export function isSignedBy(pem: string, authority: string): boolean {
  const [certificate, issuer] = [new X509Certificate(pem), new X509Certificate(authority)];
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** The certificates of a PEM bundle, one PEM each. */
export function splitBundle(bundle: string): string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => `${pem}\n`);
}

function isCurrent({ validFrom, validTo }: X509Certificate, now: Date): boolean {
  return now.getTime() >= Date.parse(validFrom) && now.getTime() < Date.parse(validTo);
}

function validity(now: Date, lifeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - CLOCK_SKEW_MS), notAfter: new Date(now.getTime() + lifeMs) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

/** 128 random bits, positive whatever the first byte: DER integers are signed. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
