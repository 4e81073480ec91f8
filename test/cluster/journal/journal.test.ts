import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ConfigMap, type Use } from 'optipod/kube';
import { HISTORY_LABEL, journalUses } from 'optipod/lib/optipod';
import { type KubeClient, messageOf } from '@optipod/operator/runtime';
import { type Cluster, startCluster } from '../../kit/index.js';
import { diesWithUs } from '../../kit/process.js';
import { isGuarded, isWrite, requestsOf } from '../../support/audit.js';
import { installJournalAccount } from '../../support/journal-account.js';
import { clientOf, JOURNAL_ACCOUNT, journalOf, keptObjects, noise } from '../../support/kept-readings.js';
import { carryOut, PLANNED } from '../../support/journal-plan.js';
import { openKeeper, recordOf } from '../../support/keeper.js';
import { accountName, recordOf as rightsRecordOf } from '../../support/rights.js';

const ROOT = join(import.meta.dirname, '../../..');
/** In npm test every ninth fault point is tried: some calls, in turn before and after them; in the soak run, all. */
const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const MOMENTS = ['before', 'after'] as const;
/** Fault points that are tried at a time: a process of each waits for kube-apiserver, or starts. */
const AT_ONCE = 3;

describe('kept readings', function () {
  this.timeout(SOAK ? 1_800_000 : 300_000);
  let cluster: Cluster;
  let kubeconfig: string;
  let client: KubeClient;
  let admin: KubeClient;

  before(async () => {
    cluster = await startCluster({ name: 'journal', audit: true });
    kubeconfig = await installJournalAccount(cluster);
    client = await clientOf(kubeconfig);
    admin = await clientOf(cluster.kubeconfig);
  });
  after(async () => {
    await Promise.all([client.close(), admin.close()]);
    await cluster.stop();
  });

  /** What is kept, without whose it is and when and by whom it was written. */
  async function state(provider: string): Promise<unknown[]> {
    return (await keptObjects(client, provider)).map(
      ({ metadata, data: { provider: _, sha256: __, ...data } = {}, ...rest }) => ({
        name: metadata.name.replace(provider, ''),
        data,
        content: rest.binaryData,
      }),
    );
  }

  async function runPlan(
    provider: string,
    killAt: string,
  ): Promise<{ code: number | string; output: string; calls: string[] }> {
    const log = join(cluster.folder, `${provider}.log`);
    writeFileSync(log, '');
    const files = ['kill-at.ts', 'journal-process.ts'].map((file) => join(ROOT, 'test/support', file));
    const argv = [process.execPath, '--import', 'tsx', '--import', ...files, provider] as const;
    const [program, ...args] = diesWithUs([...argv]);
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, KUBECONFIG: kubeconfig, KILL_AT: killAt, KILL_LOG: log, KILL_SERVER: cluster.server },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exit = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | string);
    const [output, code] = await Promise.all([text(child.stderr), exit]);
    return { code, output, calls: readFileSync(log, 'utf8').split('\n').filter(Boolean) };
  }

  it('B-MET-8 kill -9 at any call loses at most the interval being written, and the next process gets to the same end', async () => {
    const undisturbed = await runPlan('undisturbed', '');
    expect(undisturbed.code, undisturbed.output).to.equal(0);
    const { calls } = undisturbed;
    process.stderr.write(
      `      ${calls.length} calls: ${calls.map((call) => call.replace(/ .*(configmaps$|-undisturbed)/, '')).join(', ')}\n`,
    );
    const wanted = await state('undisturbed');
    // One segment of two parts, and the interval after it.
    expect(wanted).to.have.length(3);
    expect(calls.length).to.be.greaterThan(20);
    const points = calls.flatMap((_, index) => MOMENTS.map((moment) => ({ at: index + 1, moment })));
    // With an odd distance, the moments take turns.
    const chosen = points.filter((_, index) => SOAK || index % 9 === 0);
    const killedAt = async ({ at, moment }: (typeof points)[number]) => {
      const provider = `killed-${at}-${moment}`;
      const { code, output } = await runPlan(provider, `${at}:${moment}`);
      expect(code, output).to.equal('SIGKILL');
      const call = `${moment} ${calls[at - 1] ?? ''}`;
      const { readings } = await openKeeper(journalOf(client, provider));
      const sorted = [...readings].sort((a, b) => a - b);
      // Without a gap up to the last, none twice; what was forgotten is missing at the start.
      expect(sorted, call).to.deep.equal(sorted.map((_, index) => (sorted[0] ?? 0) + index));
      await carryOut(journalOf(client, provider));
      const next = await openKeeper(journalOf(client, provider));
      expect([...next.readings].sort(), call).to.deep.equal(PLANNED.remembered);
      expect(next.setAside, call).to.deep.equal([]);
      expect(await state(provider), call).to.deep.equal(wanted);
    };
    const left = [...chosen];
    const lane = async () => {
      for (let point = left.shift(); point; point = left.shift()) await killedAt(point);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  });

  it('B-MET-8 keeps 10,000 containers: 45 KB a minute and 2 MB an hour, with one request a minute', async () => {
    const provider = 'ten-thousand';
    const before = requests().length;
    const journal = journalOf(client, provider);
    // What cannot be compressed is the worst that it can be.
    const minutes = Array.from({ length: 60 }, (_, minute) => recordOf([minute], noise([minute], 45_000)));
    for (const minute of minutes) await journal.append(minute);
    expect(
      requests()
        .slice(before)
        .map(({ verb }) => verb),
    ).to.deep.equal(minutes.map(() => 'create'));
    const hour = recordOf(
      Array.from({ length: 60 }, (_, minute) => minute),
      noise([-1], 2_000_000),
    );
    await journal.seal(hour);
    await journal.append(recordOf([60], noise([60], 45_000)));
    const kept = await keptObjects(client, provider);
    expect(kept.map(({ metadata: { name } }) => name)).to.deep.equal([
      'optipod-history-ten-thousand-i-3600-3660-1',
      ...[1, 2, 3].map((part) => `optipod-history-ten-thousand-s-0-3600-${part}`),
    ]);
    expect(kept.every(({ immutable }) => immutable)).to.equal(true);
    const restored: Uint8Array[] = [];
    await journalOf(client, provider).restore(({ bytes }) => restored.push(bytes));
    expect(restored.map((bytes) => Buffer.from(bytes).equals(hour.bytes))).to.deep.equal([true, false]);
    expect(restored[1]).to.have.length(recordOf([60], noise([60], 45_000)).bytes.length);
  });

  it('B-MET-8 sets aside what is broken, and what has its label but is none of its own', async () => {
    const provider = 'broken';
    const { namespace } = JOURNAL_ACCOUNT;
    const keeper = await openKeeper(journalOf(client, provider));
    for (const reading of [0, 1, 2]) await keeper.append(reading);
    const name = 'optipod-history-broken-i-60-120-1';
    const { data = {}, binaryData = {}, metadata } = await admin.get(ConfigMap, { namespace, name });
    const labels = metadata.labels ?? {};
    const bytes = Buffer.from(binaryData.gzip ?? '', 'base64');
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await admin.delete(ConfigMap, { namespace, name });
    await admin.create(ConfigMap, {
      metadata: { namespace, name, labels },
      data,
      binaryData: { gzip: bytes.toString('base64') },
    });
    await admin.create(ConfigMap, { metadata: { namespace, name: 'strange', labels: { [HISTORY_LABEL]: provider } } });
    const next = await openKeeper(journalOf(client, provider));
    expect(next.readings).to.deep.equal([0, 2]);
    expect([...next.setAside].sort((a, b) => (a.name < b.name ? -1 : 1))).to.deep.equal([
      { name, problem: 'the checksum is not that of the content' },
      { name: 'strange', problem: 'it has the label optipod.io/history and no name of a record' },
    ]);
    await next.forget(3);
    const left = (await keptObjects(client, provider)).map((object) => object.metadata.name);
    expect(left).to.deep.equal(['optipod-history-broken-i-120-180-1', 'strange']);
  });

  it('nobody can change what is kept: kube-apiserver refuses', async () => {
    const provider = 'immutable';
    await journalOf(client, provider).append(recordOf([0]));
    const ref = { namespace: JOURNAL_ACCOUNT.namespace, name: 'optipod-history-immutable-i-0-60-1' };
    const change = admin.patch(ConfigMap, ref, { data: { from: '1' } }, { type: 'merge' });
    expect(await change.then(() => 'changed', messageOf)).to.match(/immutable/);
  });

  it('B-OPR-5 asks for what it declares and uses all of it, and B-OPR-1 whatever is on the wire may come late', () => {
    const uses = Object.values(journalUses('any')).map(({ rarely: _, ...use }): Use => use);
    const { denied, unused } = rightsRecordOf(cluster.auditLog ?? '', JOURNAL_ACCOUNT, uses);
    expect(denied).to.deep.equal([]);
    expect(unused).to.deep.equal([]);
    const writes = requests().filter(isWrite);
    expect(writes.length).to.be.greaterThan(100);
    expect(writes.filter((request) => !isGuarded(request))).to.deep.equal([]);
  });

  const requests = () => requestsOf(cluster.auditLog ?? '', accountName(JOURNAL_ACCOUNT));
});
