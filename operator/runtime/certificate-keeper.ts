import {
  type Creatable,
  type ObjectsOf,
  type Patchable,
  type Readable,
  type Secret,
  type WebhookConfiguration,
  jsonPointer,
} from 'optipod/kube';
import {
  type KeyPair,
  coversNames,
  createAuthority,
  expiryOf,
  isAuthority,
  isSignedBy,
  isUsableAuthority,
  isUsablePair,
  issueLeaf,
  issuedAt,
  renewalDue,
  renewalTime,
  splitBundle,
} from './certificates.js';
import { isAlreadyExists, isNotFound } from './errors.js';
import { type Logger, silentLogger } from './log.js';

type Secrets = ObjectsOf<typeof Secret>;

export interface CertificateOptions {
  /**
   * Of type kubernetes.io/tls: `tls.crt` and `tls.key` to serve with, `ca.crt` the trusted authorities (the newest first), and
   * `ca.key` the newest one's key, which no server needs: mount the other items only.
   */
  readonly secret: {
    readonly access: Readable<Secrets> & Creatable<Secrets> & Patchable<Secrets>;
    readonly namespace: string;
    readonly name: string;
  };
  /**
   * MutatingWebhookConfigurations and ValidatingWebhookConfigurations: every webhook of these gets the authorities as its
   * `caBundle`. One that does not exist is waited for.
   */
  readonly webhooks: readonly WebhookTrust[];
  /** What kube-apiserver calls the server: `<service>.<namespace>.svc`. */
  readonly dnsNames: readonly string[];
  readonly fieldManager: string;
  readonly now: Date;
  readonly log?: Logger;
  readonly signal?: AbortSignal;
}

/** A webhook configuration, and the right to have it trust. */
export interface WebhookTrust {
  readonly access: Readable<WebhookConfiguration> & Patchable<WebhookConfiguration>;
  readonly name: string;
}

export interface KeptCertificate {
  /** When to look again. */
  readonly requeueAfterMs: number;
  /** When the serving certificate ends. */
  readonly expires: Date;
}

/** How long a new authority is published before a server shows a certificate of it: time for every kube-apiserver to know. */
const PUBLISHED_MS = 60_000;
/** How long an old authority is still trusted after the switch: time for every server to load its new certificate. */
const OVERLAP_MS = 24 * 3_600_000;
const LONGEST_WAIT_MS = 3_600_000;
const MISSING_WAIT_MS = 15_000;
const SHORTEST_WAIT_MS = 1_000;

/** What the Secret holds, decoded. */
interface Certificates {
  /** The authorities to trust, PEM, the newest first. */
  readonly authorities: readonly string[];
  /** The newest one's key; empty where there is none. */
  readonly authorityKey: string;
  readonly leaf: KeyPair;
}

interface Kept extends Certificates {
  readonly resourceVersion: string;
}

const NOTHING: Certificates = { authorities: [], authorityKey: '', leaf: { cert: '', key: '' } };

/**
 * Keeps a webhook's serving certificate and the trust in it. Level-triggered: looks at the Secret and the webhook
 * configurations, takes the next step, and says when to look again. The steps of a renewal, each seen done before the next:
 * a new authority is published beside the old one, the server's certificate is issued by it, the old one is dropped. A
 * server certificate that cannot serve (expired, for other names, with another key) is replaced at once.
 *
 * Any number of writers may do this: the Secret is the only memory, and every write names the version it is based on.
 * @throws what the client throws, `ApiError` with reason Conflict among it: another writer was faster, look again
 */
export async function keepCertificate(options: CertificateOptions): Promise<KeptCertificate> {
  const { now, log = silentLogger, secret } = options;
  // Read before the Secret and patched with the version read: an older bundle never overwrites a newer one.
  const configurations = await readConfigurations(options);
  const kept = (await readSecret(options)) ?? (await createSecret(options));
  const found = configurations.filter((configuration) => configuration !== undefined);
  const published = found.every((configuration) => differing(configuration, bundleOf(kept)).length === 0);
  const next = await renewed(kept, published, options);
  if (next !== kept) {
    await writeSecret(next, options);
    const authorities = next.authorities.length;
    log.info({ secret: secret.name, authorities, expires: expiryOf(next.leaf.cert) }, 'certificates renewed');
  }
  for (const [index, configuration] of configurations.entries()) {
    const access = options.webhooks[index]?.access;
    if (configuration && access) await publish(access, configuration, bundleOf(next), options);
  }
  const wait = nextStep(next).getTime() - now.getTime();
  const longest = found.length < configurations.length ? MISSING_WAIT_MS : LONGEST_WAIT_MS;
  return { requeueAfterMs: Math.max(SHORTEST_WAIT_MS, Math.min(wait, longest)), expires: expiryOf(next.leaf.cert) };
}

/**
 * The certificates after their next step; the very same where none is due.
 * @param published whether every webhook configuration has the authorities as they are
 */
async function renewed<C extends Certificates>(
  certificates: C,
  published: boolean,
  { now, dnsNames }: CertificateOptions,
): Promise<C> {
  const [newest] = certificates.authorities;
  const authority = newest === undefined ? undefined : { cert: newest, key: certificates.authorityKey };
  const trusted = certificates.authorities.filter((pem) => isAuthority(pem, now));

  if (!authority || !isUsableAuthority(authority, now) || renewalDue(authority.cert, now)) {
    const { cert, key } = await createAuthority(now);
    const next = { ...certificates, authorities: [cert, ...trusted], authorityKey: key };
    return servable(next, dnsNames, now) ? next : { ...next, leaf: await issueLeaf({ cert, key }, dnsNames, now) };
  }
  const { leaf } = certificates;
  const unservable = !servable(certificates, dnsNames, now);
  if (unservable || (published && leafTime(certificates) <= now)) {
    return { ...certificates, leaf: await issueLeaf(authority, dnsNames, now) };
  }
  const outlived = isSignedBy(leaf.cert, authority.cert) && overlapEnd(certificates) <= now;
  if (outlived && certificates.authorities.length > 1) return { ...certificates, authorities: [authority.cert] };
  return certificates;
}

function servable({ leaf, authorities }: Certificates, names: readonly string[], now: Date): boolean {
  return (
    isUsablePair(leaf, now) &&
    coversNames(leaf.cert, names) &&
    authorities.some((pem) => isAuthority(pem, now) && isSignedBy(leaf.cert, pem))
  );
}

/** When the serving certificate is to be issued anew: when it is due, or when the newest authority has become known. */
function leafTime({ leaf, authorities: [newest = ''] }: Certificates): Date {
  return isSignedBy(leaf.cert, newest) ? renewalTime(leaf.cert) : new Date(issuedAt(newest).getTime() + PUBLISHED_MS);
}

function overlapEnd({ leaf }: Certificates): Date {
  return new Date(issuedAt(leaf.cert).getTime() + OVERLAP_MS);
}

function nextStep(certificates: Certificates): Date {
  const { authorities } = certificates;
  const [newest = ''] = authorities;
  const times = [
    leafTime(certificates),
    renewalTime(newest),
    ...(authorities.length > 1 && isSignedBy(certificates.leaf.cert, newest) ? [overlapEnd(certificates)] : []),
  ];
  return new Date(Math.min(...times.map((time) => time.getTime())));
}

function readConfigurations({ webhooks, signal }: CertificateOptions) {
  return Promise.all(webhooks.map(({ access, name }) => absentWhenNotFound(access.read({ name }, { signal }))));
}

async function readSecret({ secret, signal }: CertificateOptions): Promise<Kept | undefined> {
  const { access, namespace, name } = secret;
  const object = await absentWhenNotFound(access.read({ namespace, name }, { signal }));
  if (!object) return undefined;
  const text = (item: string) => Buffer.from(object.data?.[item] ?? '', 'base64').toString('utf8');
  return {
    resourceVersion: object.metadata.resourceVersion,
    authorities: splitBundle(text('ca.crt')),
    authorityKey: text('ca.key'),
    leaf: { cert: text('tls.crt'), key: text('tls.key') },
  };
}

async function createSecret(options: CertificateOptions): Promise<Kept> {
  const { secret, fieldManager, signal } = options;
  const { access, namespace, name } = secret;
  const certificates = await renewed(NOTHING, false, options);
  const object = { metadata: { namespace, name }, type: 'kubernetes.io/tls', data: encoded(certificates) };
  try {
    const { metadata } = await access.create(object, { fieldManager, signal });
    return { ...certificates, resourceVersion: metadata.resourceVersion };
  } catch (error) {
    const other = isAlreadyExists(error) ? await readSecret(options) : undefined;
    if (!other) throw error;
    return other;
  }
}

/** The version makes the patch a compare-and-swap. */
async function writeSecret({ resourceVersion, ...certificates }: Kept, options: CertificateOptions): Promise<void> {
  const { secret, fieldManager, signal } = options;
  const { access, namespace, name } = secret;
  const body = { metadata: { resourceVersion }, data: encoded(certificates) };
  await access.patch({ namespace, name }, body, { fieldManager, signal });
}

function encoded({ authorities, authorityKey, leaf }: Certificates): Record<string, string> {
  const items = { 'ca.crt': authorities.join(''), 'ca.key': authorityKey, 'tls.crt': leaf.cert, 'tls.key': leaf.key };
  return Object.fromEntries(Object.entries(items).map(([item, text]) => [item, Buffer.from(text).toString('base64')]));
}

/** As `caBundle` holds it. */
function bundleOf({ authorities }: Certificates): string {
  return Buffer.from(authorities.join('')).toString('base64');
}

/** The positions of the webhooks that have another bundle. */
function differing({ webhooks = [] }: WebhookConfiguration, bundle: string): number[] {
  return webhooks.flatMap(({ clientConfig }, index) => (clientConfig.caBundle === bundle ? [] : [index]));
}

async function publish(
  access: WebhookTrust['access'],
  configuration: WebhookConfiguration,
  bundle: string,
  { fieldManager, signal }: CertificateOptions,
): Promise<void> {
  const { name, resourceVersion } = configuration.metadata;
  const positions = differing(configuration, bundle);
  if (positions.length === 0) return;
  const patch = [
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ...positions.map((index) => ({
      op: 'add',
      path: jsonPointer('webhooks', index, 'clientConfig', 'caBundle'),
      value: bundle,
    })),
  ];
  await access.patch({ name }, patch, { type: 'json', fieldManager, signal });
}

async function absentWhenNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
