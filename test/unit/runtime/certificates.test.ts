import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TLSSocket, connect, createServer } from 'node:tls';
import { type Kind, Secret, type WebhookConfiguration, use } from 'optipod/kube';
import { expect } from 'chai';
import {
  ApiError,
  type KeyPair,
  type KubeClient,
  coversNames,
  createAccess,
  createAuthority,
  isSignedBy,
  isUsableAuthority,
  isUsablePair,
  issueLeaf,
  keepCertificate,
  renewalDue,
  splitBundle,
} from '../../../operator/runtime/index.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NAMES = ['hooks.apps.svc', 'hooks.apps.svc.cluster.local'];
// Certificates know whole seconds.
const now = new Date(Math.floor(Date.now() / 1000) * 1000);
const after = (ms: number) => new Date(now.getTime() + ms);

describe('certificates', () => {
  let authority: KeyPair;
  let leaf: KeyPair;
  before(async () => {
    authority = await createAuthority(now);
    leaf = await issueLeaf(authority, NAMES, now);
  });

  it('are an authority for ten years and a server certificate for 90 days', () => {
    const [ca, server] = [new X509Certificate(authority.cert), new X509Certificate(leaf.cert)];
    expect([ca.ca, server.ca]).to.deep.equal([true, false]);
    expect((Date.parse(ca.validTo) - now.getTime()) / DAY).to.be.closeTo(3650, 0.1);
    expect((Date.parse(server.validTo) - now.getTime()) / DAY).to.be.closeTo(90, 0.1);
    expect((now.getTime() - Date.parse(server.validFrom)) / HOUR).to.be.closeTo(1, 0.1);
    expect(server.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1']);
    expect(server.subjectAltName).to.equal(NAMES.map((name) => `DNS:${name}`).join(', '));
    expect(coversNames(leaf.cert, NAMES)).to.equal(true);
    expect(coversNames(leaf.cert, ['other.apps.svc'])).to.equal(false);
    expect(isSignedBy(leaf.cert, authority.cert)).to.equal(true);
  });

  it('are told from broken ones', async () => {
    const other = await createAuthority(now);
    expect(isUsablePair(leaf, now)).to.equal(true);
    expect(isUsablePair({ ...leaf, key: other.key }, now)).to.equal(false);
    expect(isUsablePair({ cert: 'x', key: 'y' }, now)).to.equal(false);
    expect(isUsablePair(leaf, after(91 * DAY))).to.equal(false);
    expect(isUsablePair(leaf, after(-2 * HOUR))).to.equal(false);
    expect(isUsableAuthority(leaf, now)).to.equal(false);
    expect(isSignedBy(leaf.cert, other.cert)).to.equal(false);
  });

  it('are due at two thirds of a life, authorities a year before the end', () => {
    expect(renewalDue(leaf.cert, after(59 * DAY))).to.equal(false);
    expect(renewalDue(leaf.cert, after(61 * DAY))).to.equal(true);
    expect(renewalDue(authority.cert, after(3284 * DAY))).to.equal(false);
    expect(renewalDue(authority.cert, after(3286 * DAY))).to.equal(true);
  });

  it('of the same name work with long names, and serial numbers differ', async () => {
    const long = `${'service'.repeat(8)}.${'namespace'.repeat(6)}.svc`;
    const other = await issueLeaf(authority, [long], now);
    expect(coversNames(other.cert, [long])).to.equal(true);
    expect(new X509Certificate(other.cert).serialNumber).not.to.equal(new X509Certificate(leaf.cert).serialNumber);
  });
});

const Hooks: Kind<WebhookConfiguration> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  scope: 'Cluster',
};

/** A Secret and a webhook configuration as kube-apiserver keeps them, versions and conflicts included. */
function memory() {
  let version = 0;
  let secret: { data: Record<string, string>; resourceVersion: string } | undefined;
  let bundles: string[] | undefined = ['', ''];
  let configurationVersion = '0';
  const writes: string[] = [];
  const refuse = (code: number, reason: string) =>
    Promise.reject(new ApiError('test', code, { kind: 'Status', reason }));
  const bump = () => String((version += 1));

  const client = {
    get(kind: Kind) {
      if (kind.kind === Secret.kind) {
        if (!secret) return refuse(404, 'NotFound');
        return Promise.resolve({ metadata: { resourceVersion: secret.resourceVersion }, data: secret.data });
      }
      if (!bundles) return refuse(404, 'NotFound');
      const webhooks = bundles.map((caBundle, index) => ({ name: `hook-${index}`, clientConfig: { caBundle } }));
      return Promise.resolve({ metadata: { name: 'hooks', resourceVersion: configurationVersion }, webhooks });
    },
    create(_: Kind, object: { data: Record<string, string>; type: string }) {
      if (secret) return refuse(409, 'AlreadyExists');
      expect(object.type).to.equal('kubernetes.io/tls');
      writes.push('create');
      secret = { data: object.data, resourceVersion: bump() };
      return Promise.resolve({ metadata: { resourceVersion: secret.resourceVersion } });
    },
    patch(kind: Kind, _: unknown, body: unknown) {
      if (kind.kind === Secret.kind) {
        const { metadata, data } = body as { metadata: { resourceVersion: string }; data: Record<string, string> };
        if (metadata.resourceVersion !== secret?.resourceVersion) return refuse(409, 'Conflict');
        writes.push('secret');
        secret = { data: { ...secret.data, ...data }, resourceVersion: bump() };
        return Promise.resolve({});
      }
      const [precondition, ...changes] = body as { path: string; value: string }[];
      if (precondition?.value !== configurationVersion) return refuse(409, 'Conflict');
      writes.push('bundle');
      for (const { path, value } of changes) if (bundles) bundles[Number(path.split('/')[2])] = value;
      configurationVersion = bump();
      return Promise.resolve({});
    },
  };

  const text = (item: string) => Buffer.from(secret?.data[item] ?? '', 'base64').toString();
  return {
    access: createAccess({
      client: client as unknown as KubeClient,
      namespace: 'apps',
      fieldManager: 'certificates',
    }).to({ secret: use(Secret, ['get', 'create', 'patch']), hooks: use(Hooks, ['get', 'patch']) }),
    writes,
    get pair(): KeyPair {
      return { cert: text('tls.crt'), key: text('tls.key') };
    },
    get authorities() {
      return splitBundle(text('ca.crt'));
    },
    authorityKey: () => text('ca.key'),
    /** What clients trust: the same in every webhook. */
    get trusted() {
      expect(new Set(bundles).size).to.equal(1);
      return Buffer.from(bundles?.[0] ?? '', 'base64').toString();
    },
    overwrite(items: Record<string, string>) {
      const data = Object.entries(items).map(([item, value]) => [item, Buffer.from(value).toString('base64')] as const);
      secret = { data: { ...secret?.data, ...Object.fromEntries(data) }, resourceVersion: bump() };
    },
    setConfiguration(value: string[] | undefined) {
      bundles = value;
      configurationVersion = bump();
    },
  };
}

describe('certificate keeper', () => {
  let api: ReturnType<typeof memory>;
  beforeEach(() => (api = memory()));

  const keep = (at = now, dnsNames: readonly string[] = NAMES) =>
    keepCertificate({
      secret: { access: api.access.secret, namespace: 'apps', name: 'hooks-tls' },
      webhooks: [{ access: api.access.hooks, name: 'hooks' }],
      dnsNames,
      fieldManager: 'certificates',
      now: at,
    });

  /** What kube-apiserver's handshake would say to the server certificate with the bundle as it is. */
  const accepted = () => splitBundle(api.trusted).some((ca) => isSignedBy(api.pair.cert, ca));

  it('B-WEB-6 makes the Secret and fills every caBundle, then writes nothing', async () => {
    const { expires, requeueAfterMs } = await keep();
    expect(api.writes).to.deep.equal(['create', 'bundle']);
    expect(isUsablePair(api.pair, now) && coversNames(api.pair.cert, NAMES) && accepted()).to.equal(true);
    expect((expires.getTime() - now.getTime()) / DAY).to.be.closeTo(90, 0.1);
    expect(requeueAfterMs).to.equal(HOUR);
    await keep(after(HOUR));
    expect(api.writes).to.have.length(2);
  });

  it('waits for a webhook configuration that does not exist', async () => {
    api.setConfiguration(undefined);
    expect((await keep()).requeueAfterMs).to.equal(15_000);
    expect(api.writes).to.deep.equal(['create']);
    api.setConfiguration(['', '', '']);
    expect((await keep()).requeueAfterMs).to.equal(HOUR);
    expect(accepted()).to.equal(true);
  });

  it('fills a caBundle again that somebody emptied', async () => {
    await keep();
    const good = Buffer.from(api.trusted).toString('base64');
    api.setConfiguration([good, '']);
    await keep();
    expect(accepted()).to.equal(true);
  });

  it('B-WEB-6 renews the server certificate under the same authority', async () => {
    await keep();
    const [before, authorities] = [api.pair.cert, api.authorities];
    await keep(after(61 * DAY));
    expect(api.pair.cert).not.to.equal(before);
    expect(api.authorities).to.deep.equal(authorities);
    expect(accepted()).to.equal(true);
  });

  it('B-WEB-6 publishes a new authority before a server shows a certificate of it, and drops the old one after', async () => {
    await keep();
    const due = 3290 * DAY;
    // Keep the server certificate fresh up to the day that the authority is due.
    await keep(after(due - 30 * DAY));
    await keep(after(due - 10 * DAY));
    const [old] = api.authorities;
    const served = api.pair.cert;
    api.writes.length = 0;

    const { requeueAfterMs } = await keep(after(due));
    expect(requeueAfterMs).to.equal(60_000);
    expect(api.writes).to.deep.equal(['secret', 'bundle']);
    expect(api.pair.cert).to.equal(served);
    expect(splitBundle(api.trusted)).to.have.length(2).and.to.include(old);

    await keep(after(due + 30_000));
    expect(api.pair.cert, 'not before it is known everywhere').to.equal(served);

    await keep(after(due + 61_000));
    expect(api.pair.cert).not.to.equal(served);
    expect(isSignedBy(api.pair.cert, api.authorities[0] ?? '')).to.equal(true);
    expect(splitBundle(api.trusted), 'the old one may still be shown').to.have.length(2);

    await keep(after(due + 61_000 + DAY + 1000));
    expect(api.authorities).to.have.length(1).and.not.to.include(old);
    expect(splitBundle(api.trusted)).to.deep.equal(api.authorities);
    expect(accepted()).to.equal(true);
  });

  it('does not switch while the new authority is not published', async () => {
    await keep();
    const newer = await createAuthority(after(HOUR));
    api.overwrite({ 'ca.crt': newer.cert + api.authorities.join(''), 'ca.key': newer.key });
    const served = api.pair.cert;
    const { requeueAfterMs } = await keep(after(2 * HOUR));
    expect(api.pair.cert).to.equal(served);
    expect(requeueAfterMs).to.equal(1000);
    await keep(after(2 * HOUR + 1000));
    expect(api.pair.cert).not.to.equal(served);
    expect(accepted()).to.equal(true);
  });

  it('replaces at once what cannot serve', async () => {
    await keep();
    const stranger = await createAuthority(now);
    const broken: [string, Record<string, string>][] = [
      ['garbage', { 'tls.crt': 'garbage', 'tls.key': '' }],
      ["another's key", { 'tls.key': stranger.key }],
      ['a leaf of a stranger', { ...leafItems(await issueLeaf(stranger, NAMES, now)) }],
      ['a leaf for other names', leafItems(await issueLeaf(stranger, ['other.svc'], now))],
      ['a lost authority key', { 'ca.key': '' }],
      ['a lost bundle', { 'ca.crt': '' }],
      ['nothing at all', { 'ca.crt': '', 'ca.key': '', 'tls.crt': '', 'tls.key': '' }],
    ];
    for (const [what, items] of broken) {
      api.overwrite(items);
      await keep();
      await keep();
      expect(isUsablePair(api.pair, now) && coversNames(api.pair.cert, NAMES) && accepted(), what).to.equal(true);
      const [cert = ''] = api.authorities;
      expect(isUsableAuthority({ cert, key: api.authorityKey() }, now), what).to.equal(true);
    }
    await keep(now, ['renamed.apps.svc']);
    expect(coversNames(api.pair.cert, ['renamed.apps.svc'])).to.equal(true);
  });

  it('agrees with another writer: one wins, the other looks again', async () => {
    const outcomes = await Promise.allSettled([keep(), keep(), keep()]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).to.include({ reason: 'Conflict' });
    }
    expect(api.writes.filter((write) => write === 'create')).to.have.length(1);
    await keep();
    expect(accepted()).to.equal(true);
  });

  it('B-WEB-6 makes chains that a TLS client accepts, through a change of authority', async () => {
    await keep();
    const first = api.pair;
    const newer = await createAuthority(now);
    api.overwrite({ 'ca.crt': newer.cert + api.authorities.join(''), 'ca.key': newer.key });
    await keep();
    for (const pair of [first, await issueLeaf(newer, NAMES, now)]) {
      const server = createServer(pair, (socket) => socket.end());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: NAMES[0], ca: api.trusted });
      await once(socket, 'secureConnect');
      expect(socket.authorized).to.equal(true);
      socket.destroy();
      server.close();
    }
  });
});

function leafItems({ cert, key }: KeyPair) {
  return { 'tls.crt': cert, 'tls.key': key };
}
