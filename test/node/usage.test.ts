import { expect } from 'chai';
import type { OptimizationPolicyInput } from 'optipod';
import { parseQuantity, quantityToNumber, type KubeObject } from 'optipod/kube';
import type { ResourceExplanation, WorkloadRecommendation } from '../../imports/types/workload-recommendation.js';
import { yaml } from '../demo/objects.js';
import { p90 } from '../demo/recompute.js';
import { currentRun, loadImage, sharedCluster, waitFor, type Cluster } from '../kit/index.js';
import { cgroupOf } from '../kit/cgroups.js';
import { recordMetricsServer } from '../support/metrics-server-windows.js';
import { coresOver, recordCgroup, workingSetsWithin, type ReadingSpan } from '../support/cgroup-usage.js';
import { installOperator, OPERATOR_ACCOUNT, uninstallOperator } from '../support/operator-install.js';
import { runOperator, type RunningOperator } from '../support/operator-run.js';

/** A new one each time: what pods of a former run used would count, too. */
const NAMESPACE = `usage-${process.pid}`;
const STEP_SECONDS = 5;
const RATE_SECONDS = 30;
const LIMIT = 64 * 2 ** 20;

/** Each measures a Deployment of two containers under load. */
const PROVIDERS = ['prometheus', 'metrics-server'] as const;
/** Enough for the kernel to count, and little: other tests run meanwhile. */
const LOADS = {
  busy: ['--cpu', '12', '--memory', '64Mi'],
  calm: ['--cpu', '5', '--memory', '96Mi'],
} as const;
/** It needs more and more, until it is killed at its limit. */
const LEAKING = ['--memory', '32Mi', '--leak', '1Mi'];

describe('usage on a real node', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let operator: RunningOperator | undefined;
  let isOpen = false;
  let isInstalled = false;
  const recorders = new Map<string, ReturnType<typeof recordCgroup>>();
  let windows: ReturnType<typeof recordMetricsServer> | undefined;

  before(async () => {
    cluster = await sharedCluster('node');
    isOpen = true;
    const workloads = [
      ...PROVIDERS.map((provider) => deployment(provider, LOADS)),
      deployment('limits-managed', { leaking: LEAKING }, '64Mi'),
      deployment('limits-kept', { leaking: LEAKING }, '64Mi'),
    ];
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ...workloads);
    for (const provider of PROVIDERS) {
      for (const [container, id] of await waitFor(`containers of ${provider}`, () => containersOf(provider))) {
        recorders.set(`${provider}/${container}`, recordCgroup(cgroupOf(currentRun()?.name ?? ''), id, 500));
      }
    }
    windows = recordMetricsServer(cluster, NAMESPACE, 2000);
    // Another suite's installation may be on its way out.
    const going = ['namespace/optipod-system', 'crd/optimizationpolicies.optipod.io'];
    await cluster.kubectl(['wait', '--for=delete', '--timeout=60s', ...going], { allowFailure: true });
    isInstalled = true;
    operator = await runOperator(await installOperator(cluster), {
      OPTIPOD_NAMESPACE: OPERATOR_ACCOUNT.namespace,
      OPTIPOD_PROMETHEUS_URL: cluster.prometheusUrl ?? '',
      OPTIPOD_PROMETHEUS_STEP: `${STEP_SECONDS}s`,
      OPTIPOD_PROMETHEUS_RATE_WINDOW: `${RATE_SECONDS}s`,
      OPTIPOD_PROMETHEUS_SETTLE: '15s',
      OPTIPOD_METRICS_SERVER_INTERVAL: '5s',
      OPTIPOD_MIN_SAMPLES: '10',
    });
    await apply(
      policy('prometheus', 'prometheus'),
      policy('metrics-server', 'metrics-server'),
      policy('limits-managed', 'prometheus', { updateRequestsOnly: false }),
      policy('limits-kept', 'prometheus', { updateRequestsOnly: true }),
    );
  });

  after(async () => {
    for (const recorder of recorders.values()) recorder.stop();
    await operator?.stop();
    await windows?.stop();
    if (isInstalled) await uninstallOperator(cluster);
    if (isOpen) await cluster.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  });

  it('B-MET-2 the percentile that is told of Prometheus is that of what the kernel counted', () =>
    holdsFor('prometheus', ({ from, to }) => {
      const ends = Array.from({ length: (to - from) / STEP_SECONDS + 1 }, (_, step) => from + step * STEP_SECONDS);
      return ends.map((end) => ({ from: end - RATE_SECONDS, to: end }));
    }));

  it('B-MET-5 the percentile that is told of metrics-server is that of what the kernel counted', () =>
    // The instant of a reading is that of its newest pod: the first one's window may have ended before.
    holdsFor('metrics-server', ({ to }, samples) =>
      (windows?.of('metrics-server-') ?? []).filter((window) => window.to < to + 1).slice(-samples),
    ));

  it('B-REC-5 a container that was OOM-killed gets a limit above what it died at, where limits are managed', async () => {
    const { containers: [leaking] = [] } = await told('limits-managed', ({ memory }) => wasKilled(memory));
    expect(amountOf(leaking?.memory?.recommended?.limit)).to.be.above(LIMIT);
    expect(amountOf(leaking?.memory?.recommended?.request)).to.be.above(LIMIT);
  });

  it('B-REC-4 where limits are left alone, the request stops at the limit and the explanation says so', async () => {
    const { containers: [leaking] = [] } = await told('limits-kept', ({ memory }) => wasKilled(memory));
    const capped = leaking?.memory?.steps?.find(({ step }) => step === 'CappedByLimit');
    expect(capped?.message).to.contain('updateRequestsOnly').and.to.contain('OOM-killed at 64Mi');
    expect(leaking?.memory?.recommended).to.deep.equal({ request: '64Mi' });
  });

  /** Holds what is told of a provider's two containers against their cgroups. @param rates over which spans there were rates */
  async function holdsFor(
    provider: (typeof PROVIDERS)[number],
    rates: (told: ReadingSpan, samples: number) => ReadingSpan[],
  ) {
    const { containers = [] } = await told(provider, ({ cpu, memory }) => hasPercentile(cpu) && hasPercentile(memory));
    expect(containers.map(({ name }) => name)).to.deep.equal(Object.keys(LOADS));
    for (const { name, cpu, memory } of containers) {
      const { readings = [] } = recorders.get(`${provider}/${name}`) ?? {};
      const spans = rates(spanOf(cpu), cpu?.samples ?? 0);
      const cores = p90(spans.map((span) => coresOver(readings, span)));
      const bytes = p90(workingSetsWithin(readings, spanOf(memory)));
      const counted = `${cores}, P90 of ${spans.length} spans where ${cpu?.samples ?? 0} were told`;
      expect(percentileOf(cpu) / cores, `${name}: CPU, of ${counted}`).to.be.within(0.95, 1.05);
      expect(percentileOf(memory) / bytes, `${name}: memory, of ${bytes}`).to.be.within(0.95, 1.05);
    }
  }

  function apply(...objects: readonly object[]) {
    return cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: yaml(...objects) });
  }

  /** Container IDs by name, once all containers of a Deployment run. */
  async function containersOf(app: string): Promise<Map<string, string> | undefined> {
    const args = ['get', 'pods', '-n', NAMESPACE, '-l', `app=${app}`, '-o', 'json'];
    const { items } = JSON.parse((await cluster.kubectl(args)).stdout) as { items: PodWithContainers[] };
    const statuses = items[0]?.status?.containerStatuses ?? [];
    if (statuses.length === 0 || statuses.some(({ state }) => !state?.running)) return undefined;
    return new Map(statuses.map(({ name, containerID = '' }) => [name, containerID.replace('containerd://', '')]));
  }

  /** What a Deployment's WorkloadRecommendation says, once all its containers are explained in a way. */
  async function told(app: string, isWanted: (container: Explained) => boolean): Promise<Status> {
    return waitFor(
      `an explanation of ${app}`,
      async () => {
        const args = ['get', 'wrec', `deployment-${app}`, '-n', NAMESPACE, '-o', 'json'];
        const { status = {} } = JSON.parse((await cluster.kubectl(args)).stdout) as WorkloadRecommendation;
        if (status.containers?.every(isWanted)) return status;
        throw new Error(JSON.stringify({ status, log: operator?.log.slice(-5) }));
      },
      { timeoutMs: 120_000, everyMs: 1000 },
    );
  }
});

interface PodWithContainers extends KubeObject {
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly containerID?: string;
      readonly state?: { readonly running?: object };
    }[];
  };
}

type Status = NonNullable<WorkloadRecommendation['status']>;
type Explained = NonNullable<Status['containers']>[number];

function deployment(app: string, loads: Readonly<Record<string, readonly string[]>>, memoryLimit?: string): object {
  const labels = { app };
  const resources = {
    requests: { cpu: '10m', memory: '16Mi' },
    ...(memoryLimit === undefined ? {} : { limits: { memory: memoryLimit } }),
  };
  const containers = Object.entries(loads).map(([name, args]) => ({
    name,
    image: loadImage,
    imagePullPolicy: 'Never',
    args,
    resources,
  }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace: NAMESPACE, labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers } },
    },
  };
}

function policy(
  name: string,
  provider: 'prometheus' | 'metrics-server',
  updateStrategy: OptimizationPolicyInput['spec']['updateStrategy'] = {},
): OptimizationPolicyInput {
  return {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      mode: 'Recommend',
      selector: { namespaces: { allow: [NAMESPACE] }, workloadSelector: { matchLabels: { app: name } } },
      metricsConfig: {
        provider,
        rollingWindow: '5m',
        // It looks half as often as Prometheus does here.
        ...(provider === 'metrics-server' ? { metricsServer: { minSamplesRequired: 5 } } : {}),
      },
      resourceBounds: { cpu: { min: '10m', max: '2' }, memory: { min: '16Mi', max: '1Gi' } },
      updateStrategy,
      reconciliationInterval: '10s',
    },
  };
}

function hasPercentile(explanation: ResourceExplanation | undefined): boolean {
  return explanation?.steps?.some(({ step }) => step === 'Percentile') ?? false;
}

function percentileOf(explanation: ResourceExplanation | undefined): number {
  return amountOf(explanation?.steps?.find(({ step }) => step === 'Percentile')?.value);
}

function wasKilled(explanation: ResourceExplanation | undefined): boolean {
  return explanation?.steps?.some(({ message }) => message?.includes('OOM-killed')) ?? false;
}

function spanOf({ from = '', to = '' }: ResourceExplanation = {}) {
  return { from: Date.parse(from) / 1000, to: Date.parse(to) / 1000 };
}

function amountOf(quantity: string | undefined): number {
  const parsed = parseQuantity(quantity ?? '');
  return parsed ? quantityToNumber(parsed) : Number.NaN;
}
