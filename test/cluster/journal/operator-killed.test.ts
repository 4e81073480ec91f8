import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { formatAmount } from 'optipod/lib/recommend';
import { decodeUsageRecord } from 'optipod/lib/usage';
import type { KubeClient } from '@optipod/operator/runtime';
import type { UsageCollector } from '../../../operator/usage/collector.js';
import { isTree, treeAt, type Tree } from '../../documents/tree.js';
import { startCluster, waitFor, type Cluster } from '../../kit/index.js';
import { diesWithUs } from '../../kit/process.js';
import { clientOf, journalOf } from '../../support/kept-readings.js';
import { installOperator, OPERATOR_ACCOUNT } from '../../support/operator-install.js';
import { servePodMetrics } from '../../support/pod-metrics-server.js';
import {
  instantOf,
  NAMESPACE,
  RECORDED,
  recordedList,
  replayUsage,
  serveRecording,
} from '../../support/recorded-usage.js';
import { deployment, namespace, Objects, policy, type Name } from '../operator/objects.js';

const ROOT = join(import.meta.dirname, '../../..');
const ROUNDS = process.env.OPTIPOD_TRIES === undefined ? 3 : 30;
const POLICY: Name = `OptimizationPolicy/${NAMESPACE}/recorded`;
const RANKS = { P50: 0.5, P90: 0.9, P99: 0.99 } as const;
/** A reader is told anew of what he would notice: another factor with each percentile. */
const FACTORS = { P50: 1.5, P90: 2, P99: 3 } as const;
const DAY_MS = 86_400_000;

/** How long a process may go on after its first reading, at most: some readings. */
const LONGEST_MS = 2500;

const SETTINGS = {
  OPTIPOD_HEALTH_PORT: '0',
  // Whoever is killed does not give the lease back: its successor would wait for it to run out.
  OPTIPOD_LEADER_ELECT: 'false',
  OPTIPOD_CERTIFICATE_MODE: 'secret',
  OPTIPOD_METRICS_SERVER_INTERVAL: '1s',
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
  let recording: Awaited<ReturnType<typeof serveRecording>>;
  let operator: ChildProcess | undefined;
  /** When readings were handed out, in seconds since 1970; while it is at rest, the last of them again and again. */
  const served: number[] = [];
  let isAtRest = false;
  /** The last reading before each kill, and no other, may be lost. */
  const last = new Set<number>();

  before(async () => {
    cluster = await startCluster({ name: 'operator-killed' });
    kubeconfig = await installOperator(cluster);
    admin = await clientOf(cluster.kubeconfig);
    objects = new Objects(cluster);
    recording = await serveRecording();
    stopPodMetrics = await servePodMetrics(cluster, () => {
      const now = Math.floor(Date.now() / 1000);
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
    await Promise.all([recording.close(), objects.close(), admin.close()]);
    await cluster.stop();
  });

  function start(): ChildProcess {
    const [command, ...args] = diesWithUs([process.execPath, '--import', 'tsx', join(ROOT, 'operator/main.ts')]);
    const env = { ...process.env, KUBECONFIG: kubeconfig, ...SETTINGS };
    return (operator = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] }));
  }

  /** Starts it, and kills it at some moment after its first reading. */
  async function killOnce(): Promise<void> {
    const before = served.length;
    const child = start();
    const closed = once(child, 'close');
    await waitFor('its first reading', () => (served.length > before ? true : undefined), { everyMs: 20 });
    await pause(Math.random() * LONGEST_MS);
    child.kill('SIGKILL');
    const [, signal] = (await closed) as [number | null, string | null];
    expect(signal).to.equal('SIGKILL');
  }

  /** The readings that the next process would not know of. */
  async function missing(): Promise<readonly number[]> {
    const kept = new Set<number>();
    await journalOf(admin, 'metrics-server', OPERATOR_ACCOUNT.namespace).restore(({ bytes }) => {
      const { containers } = decodeUsageRecord(bytes);
      for (const { series } of containers)
        for (const { samples } of series) for (const instant of samples?.instants ?? []) kept.add(instant);
    });
    return served.flatMap((instant, reading) => (kept.has(instant) ? [] : reading));
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
      await killOnce();
      last.add(served.length - 1);
      // What the process had on the wire may be written a moment later, and is not lost then.
      const isOver = async () => ((await missing()).every((reading) => last.has(reading)) ? true : undefined);
      await waitFor(`round ${round}: all but the last reading to be kept`, isOver, { timeoutMs: 5000 });
    }
    const before = served.length;
    start();
    await waitFor('a last reading', () => (served.length > before ? true : undefined), { everyMs: 20 });
    isAtRest = true;
    const isKept = async () => ((await missing()).includes(served.length - 1) ? undefined : true);
    await waitFor('it to be kept', isKept);
    const lost = await missing();
    process.stderr.write(`      ${served.length} readings, ${lost.length} lost\n`);
    expect([...last]).to.include.members(lost);
    recording.at(0, lost);
    const uninterrupted = await replayUsage({ url: recording.url, from: 0, count: served.length });
    for (const percentile of ['P50', 'P90', 'P99'] as const) {
      const [rank, safetyFactor] = [RANKS[percentile], FACTORS[percentile]];
      await objects.patch(POLICY, { spec: { metricsConfig: { percentile, safetyFactor } } });
      await objects.settled(POLICY, ({ workloadsProcessed }) => workloadsProcessed === RECORDED.length);
      for (const { workload } of RECORDED) {
        const expected = percentilesOf(uninterrupted, workload, rank, served.length);
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

function percentilesOf(collector: UsageCollector, workload: string, rank: number, readings: number): unknown {
  const of = RECORDED.find((one) => one.workload === workload);
  const usage = of && collector.usageOf(of, DAY_MS, instantOf(readings - 1));
  return Object.fromEntries(
    (['cpu', 'memory'] as const).map((resource) => {
      const amount = usage?.[resource]?.percentile(rank);
      return [resource, amount === undefined ? undefined : formatAmount(resource, amount)];
    }),
  );
}

function listAt(tree: unknown, path: string): Tree[] {
  const list = isTree(tree) ? treeAt(tree, path) : undefined;
  return Array.isArray(list) ? list.filter(isTree) : [];
}
