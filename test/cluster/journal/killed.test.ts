import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Usage } from 'optipod/lib/usage';
import type { KubeClient } from '@optipod/operator/runtime';
import type { UsageCollector } from '../../../operator/usage/collector.js';
import { type Cluster, startCluster } from '../../kit/index.js';
import { diesWithUs } from '../../kit/process.js';
import { installJournalAccount } from '../../support/journal-account.js';
import { clientOf, journalOf } from '../../support/kept-readings.js';
import { killRounds } from '../../support/kill-rounds.js';
import { instantOf, RECORDED, replayUsage, restoredUsage, serveRecording } from '../../support/recorded-usage.js';

const ROOT = join(import.meta.dirname, '../../..');
const ROUNDS = process.env.OPTIPOD_TRIES === undefined ? 3 : 30;
const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);
const PROVIDER = 'metrics-server';
const HOUR_MS = 3_600_000;
/** The recording is of thirty days. */
const ALL_MS = 31 * 24 * HOUR_MS;
const LAST = instantOf(0) + ALL_MS / 1000 - 1;
/** One in which every sample is kept as it is, a day, and all. */
const WINDOWS_MS = [2 * HOUR_MS, 24 * HOUR_MS, ALL_MS];

describe('usage that is kept, killed', function () {
  this.timeout(120_000 + ROUNDS * 30_000);
  let cluster: Cluster;
  let kubeconfig: string;
  let client: KubeClient;
  let recording: Awaited<ReturnType<typeof serveRecording>>;

  before(async () => {
    cluster = await startCluster({ name: 'journal-killed' });
    kubeconfig = await installJournalAccount(cluster);
    client = await clientOf(kubeconfig);
    recording = await serveRecording();
  });
  after(async () => {
    await recording.close();
    await client.close();
    await cluster.stop();
  });

  const restored = () => restoredUsage(journalOf(client, PROVIDER));

  it(`B-MET-8 kill -9 at ${ROUNDS} random moments loses at most one interval each time, and nothing else changes, OPTIPOD_SEED=${seed}`, async () => {
    const { taken, lost } = await killRounds(
      {
        start(from) {
          recording.at(from);
          const program = join(ROOT, 'test/support/usage-process.ts');
          const argv = [process.execPath, '--import', 'tsx', program, PROVIDER, String(from)] as const;
          const [command, ...args] = diesWithUs([...argv]);
          return spawn(command, args, {
            cwd: ROOT,
            env: { ...process.env, KUBECONFIG: kubeconfig, METRICS_URL: recording.url },
            stdio: ['ignore', 'pipe', 'inherit'],
          });
        },
        async restored() {
          const [container] = RECORDED;
          const known = container && (await restored()).usageOf(container, ALL_MS, LAST);
          return known?.memory?.samples ?? 0;
        },
      },
      ROUNDS,
      randomFrom(seed),
    );
    process.stderr.write(`      ${taken} readings, ${lost.length} lost\n`);
    recording.at(0, lost);
    const uninterrupted = await replayUsage({ url: recording.url, from: 0, count: taken });
    const at = instantOf(taken - 1);
    const expected = told(uninterrupted, at);
    expect(expected[0]?.memory.at(-1)).to.include({ samples: taken - lost.length });
    expect(told(await restored(), at)).to.deep.equal(expected);
  });
});

/** All that there is to say of each container, up to an instant. */
function told(collector: UsageCollector, at: number) {
  return RECORDED.map((of) => {
    const windows = WINDOWS_MS.map((window) => collector.usageOf(of, window, at));
    return {
      cpu: windows.map(({ cpu }) => summary(cpu)),
      memory: windows.map(({ memory }) => summary(memory)),
      peak: windows.map(({ memoryPeak }) => memoryPeak),
    };
  });
}

function summary(usage: Usage | undefined) {
  if (!usage) return undefined;
  const { samples, instants, from, to, max } = usage;
  const percentiles = [0, 0.5, 0.9, 0.95, 0.99, 1].map((p) => usage.percentile(p));
  return { samples, instants, from, to, max, percentiles };
}

/** Numerical Recipes' linear congruential generator. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
