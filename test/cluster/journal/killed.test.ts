import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import type { KubeClient } from '@optipod/operator/runtime';
import { type Cluster, startCluster } from '../../kit/index.js';
import { diesWithUs } from '../../kit/process.js';
import { installJournalAccount } from '../../support/journal-account.js';
import { clientOf, journalOf } from '../../support/kept-readings.js';
import { openKeeper } from '../../support/keeper.js';
import { killRounds } from '../../support/kill-rounds.js';

const ROOT = join(import.meta.dirname, '../../..');
const ROUNDS = process.env.OPTIPOD_TRIES === undefined ? 3 : 30;
const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);
const PROVIDER = 'metrics-server';

describe('kept readings, killed', function () {
  this.timeout(60_000 + ROUNDS * 30_000);
  let cluster: Cluster;
  let kubeconfig: string;
  let client: KubeClient;

  before(async () => {
    cluster = await startCluster({ name: 'journal-killed' });
    kubeconfig = await installJournalAccount(cluster);
    client = await clientOf(kubeconfig);
  });
  after(async () => {
    await client.close();
    await cluster.stop();
  });

  it(`B-MET-8 kill -9 at ${ROUNDS} random moments loses at most one interval each time, OPTIPOD_SEED=${seed}`, async () => {
    const { taken, lost } = await killRounds(
      {
        start(from) {
          const program = join(ROOT, 'test/support/journal-process.ts');
          const argv = [process.execPath, '--import', 'tsx', program, 'on', PROVIDER, String(from)] as const;
          const [command, ...args] = diesWithUs([...argv]);
          return spawn(command, args, {
            cwd: ROOT,
            env: { ...process.env, KUBECONFIG: kubeconfig },
            stdio: ['ignore', 'pipe', 'inherit'],
          });
        },
        restored: async () => (await openKeeper(journalOf(client, PROVIDER))).readings,
      },
      ROUNDS,
      randomFrom(seed),
    );
    process.stderr.write(`      ${taken} readings, ${lost.length} lost\n`);
    const { readings, setAside } = await openKeeper(journalOf(client, PROVIDER));
    const undisturbed = Array.from({ length: taken }, (_, reading) => reading);
    expect([...readings].sort((a, b) => a - b)).to.deep.equal(undisturbed.filter((reading) => !lost.includes(reading)));
    // At most what the last of them was writing when it was killed.
    expect(setAside).to.have.length.at.most(1);
  });
});

/** Numerical Recipes' linear congruential generator. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
