import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { formatAmount } from 'optipod/lib/recommend';
import { ContainerHistory, decodeUsageRecord } from 'optipod/lib/usage';
import type { KubeClient } from '@optipod/operator/runtime';
import { isTree, treeAt, type Tree } from '../../documents/tree.js';
import { startCluster, waitFor, type Cluster } from '../../kit/index.js';
import { diesWithUs } from '../../kit/process.js';
import { clientOf, journalOf } from '../../support/kept-readings.js';
import { installOperator, OPERATOR_ACCOUNT } from '../../support/operator-install.js';
import { servePodMetrics } from '../../support/pod-metrics-server.js';
import { NAMESPACE, RECORDED, recordedList, recordedUsage } from '../../support/recorded-usage.js';
import { deployment, namespace, Objects, policy, type Name } from '../operator/objects.js';

const ROOT = join(import.meta.dirname, '../../..');
const ROUNDS = process.env.OPTIPOD_TRIES === undefined ? 3 : 30;
const POLICY: Name = `OptimizationPolicy/${NAMESPACE}/recorded`;
const RANKS = { P50: 0.5, P90: 0.9, P99: 0.99 } as const;
/** A reader is told anew of what he would notice: another factor with each percentile. */
const FACTORS = { P50: 1.5, P90: 2, P99: 3 } as const;
/** Whose memory is another number in each reading. */
const MEASURED = 'steady';

/** How long a process may go on after its first reading, at most: some readings. */
const LONGEST_MS = 5000;

const SETTINGS = {
  OPTIPOD_HEALTH_PORT: '0',
  // Whoever is killed does not give the lease back: its successor would wait for it to run out.
  OPTIPOD_LEADER_ELECT: 'false',
  OPTIPOD_CERTIFICATE_MODE: 'secret',
  OPTIPOD_METRICS_SERVER_INTERVAL: '2s',
};

/** So little that nothing that is recommended is a decrease. */
const SMALL = {
  spec: {
    template: { spec: { containers: [{ name: 'app', resources: { requests: { cpu: '1m', memory: '1Mi' } } }] } },
  },
};

describe("the operator's process, killed", function () {
  this.timeout(120_000 + ROUNDS * 30_000);
  let cluster: Cluster;
  let kubeconfig: string;
  let admin: KubeClient;
  let objects: Objects;
  let stopPodMetrics: () => Promise<void>;
  let operator: ChildProcess | undefined;
  /** When readings were handed out, in seconds since 1970; while it is at rest, the last of them again and again. */
  const served: number[] = [];
  let isAtRest = false;
  /** The last reading before each kill, and those that were handed to whom was killed already. */
  const mayBeLost = new Set<number>();

  before(async () => {
    cluster = await startCluster({ name: 'operator-killed' });
    kubeconfig = await installOperator(cluster);
    admin = await clientOf(cluster.kubeconfig);
    objects = new Objects(cluster);
    stopPodMetrics = await servePodMetrics(cluster, () => {
      // As of metrics-server, which read kubelets a while ago: nothing that it says is later than the question.
      const now = Math.floor(Date.now() / 1000) - 1;
      // What is read a second time within the second is what was read before, and counts once.
      if (now > (served.at(-1) ?? 0) && !isAtRest) served.push(now);
      return recordedList(served.length - 1, served.at(-1));
    });
    await objects.create(
      namespace(NAMESPACE),
      ...RECORDED.map(({ workload }) => deployment(NAMESPACE, workload, SMALL)),
      policy(NAMESPACE, 'recorded', {
        metricsConfig: { provider: 'metrics-server', rollingWindow: '24h', metricsServer: { minSamplesRequired: 1 } },
        resourceBounds: { cpu: { min: '1m', max: '1000' }, memory: { min: '1Mi', max: '1Ti' } },
      }),
    );
  });
  after(async () => {
    operator?.kill('SIGKILL');
    await stopPodMetrics();
    await Promise.all([objects.close(), admin.close()]);
    await cluster.stop();
  });

  function start(): ChildProcess {
    const [command, ...args] = diesWithUs([process.execPath, '--import', 'tsx', join(ROOT, 'operator/main.ts')]);
    const env = { ...process.env, KUBECONFIG: kubeconfig, ...SETTINGS };
    return (operator = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] }));
  }

  /** Starts it, and kills it at some moment after its first reading. @returns the last reading that it can have had */
  async function killOnce(): Promise<number> {
    const before = served.length;
    const child = start();
    const closed = once(child, 'close');
    await waitFor('its first reading', () => (served.length > before ? true : undefined), { everyMs: 20 });
    await pause(Math.random() * LONGEST_MS);
    const last = served.length - 1;
    child.kill('SIGKILL');
    const [, signal] = (await closed) as [number | null, string | null];
    expect(signal).to.equal('SIGKILL');
    return last;
  }

  /** The readings that the next process would not know of, told by what was measured. */
  async function missing(): Promise<readonly number[]> {
    const kept = new Set<number>();
    await journalOf(admin, 'metrics-server', OPERATOR_ACCOUNT.namespace).restore(({ bytes }) => {
      for (const { workload, series } of decodeUsageRecord(bytes).containers) {
        if (workload !== MEASURED) continue;
        for (const { metric, samples } of series)
          if (metric === 'memory') samples?.values.forEach((value) => kept.add(value));
      }
    });
    return served.flatMap((_, reading) => (kept.has(recordedUsage(MEASURED, reading).memory) ? [] : reading));
  }

  /** The percentiles that a WorkloadRecommendation tells now, and from how many samples; as quantities. */
  async function toldOf(workload: string): Promise<unknown> {
    const report = await objects.get(`WorkloadRecommendation/${NAMESPACE}/deployment-${workload}`);
    const [container] = listAt(report, 'status.containers');
    return Object.fromEntries(
      (['cpu', 'memory'] as const).map((resource) => {
        const steps = listAt(container, `${resource}.steps`);
        return [resource, steps.find(({ step }) => step === 'Percentile')?.value];
      }),
    );
  }

  it(`B-MET-8 kill -9 at ${ROUNDS} random moments: the percentiles of an uninterrupted run, less one reading each time`, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const last = await killOnce();
      // What the process had on the wire may be written a moment later, and is not lost then.
      await waitFor(
        `round ${round}: all but the last reading to be kept`,
        async () => {
          for (let reading = last; reading < served.length; reading += 1) mayBeLost.add(reading);
          expect(
            (await missing()).filter((reading) => !mayBeLost.has(reading)),
            `lost besides ${last}`,
          ).to.be.empty;
          return true;
        },
        { timeoutMs: 5000 },
      );
    }
    const before = served.length;
    start();
    await waitFor('a last reading', () => (served.length > before ? true : undefined), { everyMs: 20 });
    isAtRest = true;
    const isKept = async () => ((await missing()).includes(served.length - 1) ? undefined : true);
    await waitFor('it to be kept', isKept);
    const lost = await missing();
    process.stderr.write(`      ${served.length} readings, ${lost.length} lost\n`);
    expect([...mayBeLost]).to.include.members(lost);
    const readings = served.flatMap((at, reading) => (lost.includes(reading) ? [] : { at, reading }));
    for (const percentile of ['P50', 'P90', 'P99'] as const) {
      const [rank, safetyFactor] = [RANKS[percentile], FACTORS[percentile]];
      await objects.patch(POLICY, { spec: { metricsConfig: { percentile, safetyFactor } } });
      await objects.settled(POLICY, ({ workloadsProcessed }) => workloadsProcessed === RECORDED.length);
      for (const { workload } of RECORDED) {
        const expected = percentilesOf(workload, readings, rank);
        await waitFor(
          `${percentile} of ${workload}`,
          async () => {
            const told = await toldOf(workload);
            expect(told).to.deep.equal(expected);
            return true;
          },
          { timeoutMs: 10_000 },
        );
      }
    }
  });
});

/** What one process would tell that was given all these readings. */
function percentilesOf(
  workload: string,
  readings: readonly { readonly at: number; readonly reading: number }[],
  rank: number,
): unknown {
  const history = new ContainerHistory();
  for (const { at, reading } of readings) {
    const used = recordedUsage(workload, reading);
    for (const metric of ['cpu', 'memory'] as const) history.add(metric, 'web', at, used[metric]);
  }
  return Object.fromEntries(
    (['cpu', 'memory'] as const).map((resource) => {
      const amount = history.usage(resource, { from: 0, to: Infinity })?.percentile(rank);
      return [resource, amount === undefined ? undefined : formatAmount(resource, amount)];
    }),
  );
}

function listAt(tree: unknown, path: string): Tree[] {
  const list = isTree(tree) ? treeAt(tree, path) : undefined;
  return Array.isArray(list) ? list.filter(isTree) : [];
}
