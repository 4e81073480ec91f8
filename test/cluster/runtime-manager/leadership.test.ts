import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { Lease, Namespace, type LeaseObject } from 'optipod/kube';
import { createClient, loadClusterConfig, type KubeClient } from '../../../operator/runtime/index.js';
import { prepare, startCluster, waitFor, type Cluster } from '../../kit/index.js';
import { startComponent } from '../../kit/process.js';
import { GrowingAuditLog, isGuarded, isWrite, type Request } from '../../support/audit.js';
import { startReplica, type Replica } from '../../support/replica/replica.js';
import { HAND_OVER_MS } from '../../support/replica/times.js';
import { startWire } from '../../support/replica/wire.js';

const soak = process.env.OPTIPOD_TRIES !== undefined;
const KILLS = soak ? 50 : 3;
const STOPS = soak ? 10 : 1;
const COUNTED = ['a', 'b', 'c', 'd', 'e', 'f'];

describe('leadership of real processes', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let client: KubeClient;
  let namespace: string;
  let replicas: Replica[] = [];
  let started = 0;
  let audit: GrowingAuditLog;

  before(async function () {
    this.timeout(120_000);
    cluster = await startCluster({ name: 'leadership', audit: true });
    client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }), { userAgent: 'test' });
    audit = new GrowingAuditLog(
      cluster.auditLog ?? '',
      (request) => (isWrite(request) || isLease(request)) && (request.userAgent ?? '').startsWith('replica-'),
    );
  });
  after(async function () {
    this.timeout(60_000);
    await client.close();
    await cluster.stop();
  });
  beforeEach(async () => {
    namespace = `replicas-${(started += 1)}`;
    await client.create(Namespace, { metadata: { name: namespace } });
    for (const name of COUNTED) await cluster.kubectl(['create', 'configmap', name, '-n', namespace]);
    await cluster.kubectl(['label', 'configmap', ...COUNTED, 'count=yes', '-n', namespace]);
  });
  afterEach(async function () {
    for (const { signal } of replicas) signal('SIGKILL');
    if (this.currentTest?.state === 'failed')
      for (const { identity, stdout, stderr } of replicas)
        process.stderr.write(`${identity}:\n${(await stdout).slice(-3000)}${await stderr}\n`);
    replicas = [];
  });

  function start(writesKubeconfig?: string): Replica {
    const identity = `replica-${(started += 1)}`;
    const replica = startReplica({
      namespace,
      identity,
      kubeconfig: cluster.kubeconfig,
      ...(writesKubeconfig ? { writesKubeconfig } : {}),
    });
    replicas.push(replica);
    return replica;
  }

  /** Waits for a leader other than these. */
  function leader(...others: readonly Replica[]): Promise<Replica> {
    return waitFor(
      'a leader',
      async () => {
        const { spec } = await client.get(Lease, { namespace, name: 'replicas' });
        return replicas.find((one) => one.identity === spec?.holderIdentity && !others.includes(one));
      },
      { everyMs: 20, timeoutMs: 30_000 },
    );
  }

  /** Waits until a replica takes part. */
  async function standby({ identity }: Replica): Promise<void> {
    const isThere = () => requests().some((request) => isLease(request) && request.userAgent === identity);
    await waitFor(`${identity} to stand by`, () => (isThere() ? true : undefined));
  }

  /** Waits until a replica has written something, now. */
  async function writing({ identity }: Replica): Promise<void> {
    const before = writesOf(identity).length;
    await waitFor(`a write of ${identity}`, () => (writesOf(identity).length > before ? true : undefined), {
      everyMs: 50,
    });
  }

  /** What replicas of this test asked, but for watches. */
  const requests = () => audit.read().filter(({ objectRef }) => objectRef?.namespace === namespace);
  const writesOf = (identity: string) =>
    requests().filter((one) => isWrite(one) && !isLease(one) && one.userAgent === identity);
  const at = ({ requestReceivedTimestamp }: Request) => Date.parse(requestReceivedTimestamp);

  /** Who led from when on, as the writes of the Lease say. */
  function terms(): { readonly identity: string; readonly from: string; readonly fromMs: number }[] {
    const found: { identity: string; from: string; fromMs: number }[] = [];
    for (const request of requests().filter((one) => isWrite(one) && isLease(one) && succeeded(one))) {
      const holder = (request.requestObject as LeaseObject).spec?.holderIdentity;
      if (!holder || holder === found.at(-1)?.identity) continue;
      found.push({ identity: holder, from: request.requestReceivedTimestamp, fromMs: at(request) });
    }
    return found;
  }

  /** Every write that was received while another led, or nobody yet. */
  function strayWrites(): Request[] {
    const all = terms();
    return requests().filter((request) => {
      if (!isWrite(request) || isLease(request)) return false;
      const term = all.filter(({ from }) => from <= request.requestReceivedTimestamp).at(-1);
      return term?.identity !== request.userAgent;
    });
  }

  it(`B-OPR-1 never has two writers, and hands over in time, when leaders are killed (${KILLS} kills)`, async function () {
    this.timeout(KILLS * 60_000);
    const kills: { readonly identity: string; readonly atMs: number }[] = [];
    start();
    let leading = await leader();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const next = start();
      await standby(next);
      await writing(leading);
      // Anywhere in the leader's turn.
      await pause(Math.random() * 1000);
      kills.push({ identity: leading.identity, atMs: Date.now() });
      leading.signal('SIGKILL');
      expect(await leading.exit).to.equal('SIGKILL');
      leading = await leader(leading);
    }
    await writing(leading);

    const all = terms();
    expect(all).to.have.length(KILLS + 1);
    const handOvers = kills.map(({ atMs }, index) => (all[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY) - atMs);
    process.stderr.write(
      `      hand-over after ${Math.round(Math.max(...handOvers))} ms at most, ${Math.round(median(handOvers))} ms in the middle\n`,
    );
    expect(Math.max(...handOvers)).to.be.at.most(HAND_OVER_MS);
    expect(strayWrites()).to.deep.equal([]);
    for (const { identity } of all) expect(writesOf(identity), identity).not.to.be.empty;
  });

  it(`B-OPR-1 a leader that stood still past its lease starts no write when it goes on, and ends (${STOPS} times)`, async function () {
    this.timeout(STOPS * 60_000);
    for (let time = 0; time < STOPS; time += 1) {
      const stopped = start();
      await leader(...replicas.filter((one) => one !== stopped));
      const next = start();
      await standby(next);
      await writing(stopped);
      await pause(Math.random() * 1000);
      // Just before a write, or anywhere.
      stopped.signal(time % 2 === 0 ? 'SIGUSR2' : 'SIGSTOP');
      expect(await leader(stopped)).to.equal(next);
      await writing(next);
      stopped.signal('SIGCONT');
      expect(await stopped.exit).to.equal(1);
      expect(await stopped.stderr).to.match(/^the leadership is lost: the lease \S+ was not renewed within 2 s\n$/);
      next.signal('SIGTERM');
      expect(await next.exit).to.equal(0);
    }
    expect(strayWrites()).to.deep.equal([]);
    const unguarded = requests().filter((one) => isWrite(one) && !isGuarded(one));
    expect(unguarded).to.deep.equal([]);
  });

  it('B-OPR-1 what a leader had on the wire when it stood still comes too late, and changes nothing', async () => {
    const wire = await startWire(Number(new URL(cluster.server).port));
    try {
      const kubeconfig = join(cluster.folder, 'through-the-wire.kubeconfig');
      const direct = readFileSync(cluster.kubeconfig, 'utf8');
      writeFileSync(kubeconfig, direct.replace(cluster.server, `https://127.0.0.1:${wire.port}`), { mode: 0o600 });
      const stopped = start(kubeconfig);
      await leader();
      const next = start();
      await standby(next);
      await writing(stopped);
      wire.hold();
      await waitFor('something on the wire', () => (wire.heldBytes > 0 ? true : undefined), { everyMs: 5 });
      await pause(200);
      stopped.signal('SIGSTOP');
      expect(await leader(stopped)).to.equal(next);
      await waitFor('the next one to have counted everywhere', () => {
        const written = new Set(writesOf(next.identity).map(({ objectRef }) => objectRef?.name));
        return written.size === COUNTED.length ? true : undefined;
      });
      // All that comes from it now was on the wire: by the time it was sent the audit log tells nothing.
      const letGoAt = Date.now();
      const lateWrites = () => writesOf(stopped.identity).filter((request) => at(request) >= letGoAt);
      wire.letGo();
      await pause(1000);
      const late = lateWrites();
      expect(late).not.to.be.empty;
      expect(late.filter(isGuarded)).to.deep.equal(late);
      expect(late.map(({ responseStatus }) => responseStatus?.code).filter((code) => code !== 409)).to.deep.equal([]);
      process.stderr.write(`      ${late.length} writes came late\n`);
      stopped.signal('SIGCONT');
      expect(await stopped.exit).to.equal(1);
      expect(lateWrites()).to.have.length(late.length);
    } finally {
      await wire.close();
    }
  });

  // A quarter of a minute of waiting for leases that run out.
  const inSoak = soak ? it : () => undefined;
  inSoak(
    'shares a lease with client-go: each takes over from the other, and waits for it',
    async function (this: Mocha.Context) {
      const scheduler = (await prepare('control-plane')).get('kube-scheduler');
      // KUBEBUILDER_ASSETS has no scheduler.
      if (scheduler === undefined) this.skip();
      const holder = async () => (await client.get(Lease, { namespace, name: 'replicas' })).spec;
      const first = start();
      await leader();
      const clientGo = startComponent({
        name: 'kube-scheduler-candidate',
        argv: [
          scheduler,
          ...['', 'authentication-', 'authorization-'].map((which) => `--${which}kubeconfig=${cluster.kubeconfig}`),
          '--secure-port=0',
          '--leader-elect=true',
          `--leader-elect-resource-namespace=${namespace}`,
          '--leader-elect-resource-name=replicas',
          '--leader-elect-lease-duration=3s',
          '--leader-elect-renew-deadline=2s',
          '--leader-elect-retry-period=500ms',
          '-v=5',
        ],
        logFolder: cluster.folder,
      });
      try {
        const waits = /lease is held/i;
        await waitFor('client-go to stand by', () =>
          waits.test(readFileSync(clientGo.logFile, 'utf8')) ? true : undefined,
        );
        expect((await holder())?.holderIdentity).to.equal(first.identity);
        first.signal('SIGKILL');
        const taken = await waitFor('client-go to lead', async () => {
          const spec = await holder();
          return spec?.holderIdentity === first.identity ? undefined : spec;
        });
        expect(taken).to.include({ leaseDurationSeconds: 3, leaseTransitions: 1 });
        const second = start();
        await standby(second);
        await pause(4000);
        expect((await holder())?.holderIdentity).to.equal(taken.holderIdentity);
        await clientGo.stop(0);
        expect(await leader()).to.equal(second);
        expect(await holder()).to.include({ leaseTransitions: 2 });
      } finally {
        await clientGo.stop(0);
      }
    },
  );

  it('B-OPR-6 on SIGTERM the lease is given back, and the next one takes over without waiting for its end', async () => {
    const first = start();
    await leader();
    const next = start();
    await standby(next);
    await writing(first);
    const asked = Date.now();
    first.signal('SIGTERM');
    expect(await first.exit).to.equal(0);
    await leader(first);
    const took = terms().at(-1);
    expect(took?.identity).to.equal(next.identity);
    // Its next look, not the end of the lease.
    expect((took?.fromMs ?? Number.POSITIVE_INFINITY) - asked).to.be.lessThan(2000);
    expect(strayWrites()).to.deep.equal([]);
  });
});

function isLease({ objectRef }: Request): boolean {
  return objectRef?.resource === 'leases';
}

function succeeded({ responseStatus }: Request): boolean {
  return (responseStatus?.code ?? 0) < 300;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
