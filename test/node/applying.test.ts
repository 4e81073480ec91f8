import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { manifestsYaml } from 'optipod/install';
import type { EventObject, KubeObject, WorkloadObject } from 'optipod/kube';
import { yaml } from '../demo/objects.js';
import { sharedCluster, waitFor, type Cluster } from '../kit/index.js';
import { OPERATOR_IMAGE, OPERATOR_IMAGE_ARCHIVE } from '../support/operator-image.js';
import { startUsageServer, type UsageServer } from '../support/told-usage.js';
import {
  cases,
  deploymentOf,
  expected,
  NATURES,
  observed,
  policyOf,
  SPACE,
  titleOf,
  usageOf,
  workloadName,
  type Case,
  type Nature,
  type SeenPod,
  type Sight,
} from './applying-table.js';

/** The host, as pods see it. */
const HOST = '10.77.0.1';

/** More than there is to do: some 28 a second. */
const PLENTY = 100_000;

/** Two passes of every policy. */
const QUIET_MS = 20_000;

describe('what policies have done on a real node, row by row of docs/reference/applying.md', function () {
  this.timeout(300_000);
  const all = cases();
  let cluster: Cluster;
  let usage: UsageServer;
  let manifests: string;
  let isInstalled = false;
  let first: ReadonlyMap<string, Sight>;
  let last: ReadonlyMap<string, Sight>;
  let events: readonly EventObject[];

  const outcomeOf = (one: Case, nature: Nature) => {
    const name = workloadName(one, nature);
    const [was, is] = [first.get(name), last.get(name)];
    if (!was || !is) throw new Error(`${name} is not there`);
    return observed(was, is);
  };

  before(async () => {
    cluster = await sharedCluster('node');
    await cluster.loadImage(OPERATOR_IMAGE_ARCHIVE);
    usage = await startUsageServer(() => all.flatMap(usageOf), { host: HOST });
    manifests = manifestsYaml({
      image: OPERATOR_IMAGE,
      imagePullPolicy: 'Never',
      operatorSettings: {
        customUrl: usage.url,
        customInterval: '5s',
        customSettle: '1s',
        // What is to be replaced is replaced at once.
        disruptSingleReplica: true,
        policyDisruptionsPerHour: PLENTY,
        namespaceDisruptionsPerHour: PLENTY,
        clusterDisruptionsPerHour: PLENTY,
      },
    });
    // Another suite's installation may be on its way out.
    const going = ['namespace/optipod-system', 'crd/optimizationpolicies.optipod.io'];
    await cluster.kubectl(['wait', '--for=delete', '--timeout=60s', ...going], { allowFailure: true });
    isInstalled = true;
    await apply(manifests);
    const labels = { 'optipod.io/webhook': 'enabled' };
    const workloads = all.flatMap((one) => NATURES.map((nature) => deploymentOf(one, nature)));
    await apply(yaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SPACE, labels } }, ...workloads));
    for (const name of ['optipod', 'optipod-webhook']) {
      await cluster.kubectl(['rollout', 'status', `deployment/${name}`, '-n', 'optipod-system', '--timeout=120s']);
    }
    first = await waitFor('every pod to run', allRunning, { timeoutMs: 120_000, everyMs: 1000 });
    last = first;
    await apply(yaml(...all.map(policyOf)));
    // What is to happen happens; what is not to happen has had its time when all the rest has.
    await waitFor(
      'what the table says',
      async () => {
        last = (await allRunning()) ?? last;
        const missing = all.flatMap((one) =>
          NATURES.filter(
            (nature) => JSON.stringify(outcomeOf(one, nature)) !== JSON.stringify(expected(one, nature)),
          ).map((nature) => workloadName(one, nature)),
        );
        return missing.length === 0 ? true : Promise.reject(new Error(missing.join(', ')));
      },
      { timeoutMs: 150_000, everyMs: 1000 },
    ).catch(() => undefined);
    await delay(QUIET_MS);
    last = (await allRunning()) ?? last;
    events = await get<EventObject>('events', '--field-selector=source=optipod');
  });

  after(async () => {
    await usage.stop();
    if (!isInstalled) return;
    // Whoever comes next installs OptiPod anew.
    await cluster.kubectl(['delete', 'namespace', SPACE, '--wait=false']);
    await cluster.kubectl(['delete', '--ignore-not-found', '--timeout=90s', '-f', '-'], { input: manifests });
  });

  for (const one of all) {
    it(`B-APP-1 B-APP-2 B-APP-4 B-APP-5 B-APP-6 B-APP-7 ${titleOf(one)}`, () => {
      for (const nature of NATURES) expect(outcomeOf(one, nature), nature).to.deep.equal(expected(one, nature));
    });
  }

  it('B-APP-7 of pods that wait for a restart because they cannot be resized it is told, and of no others', () => {
    const told = events.filter(({ reason }) => reason === 'InPlaceResizeUnavailable');
    const waiting = all.filter(
      ({ row }) =>
        row.annotations === 'injection' &&
        row['a pod that cannot be resized'] === 'waits' &&
        // Else all pods wait, as the policy says.
        row.allowInPlaceResize === 'true',
    );
    expect(new Set(told.map(({ involvedObject }) => involvedObject.name))).to.have.all.keys(
      ...waiting.map((one) => workloadName(one, 'hard')),
    );
  });

  async function apply(input: string): Promise<void> {
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
  }

  async function get<T extends KubeObject>(...what: readonly string[]): Promise<readonly T[]> {
    const args = ['get', ...what, '-n', SPACE, '-o', 'json', '--show-managed-fields'];
    return (JSON.parse((await cluster.kubectl(args)).stdout) as { items: T[] }).items;
  }

  /** Every Deployment with its pods, once each has one that runs and is there to stay. */
  async function allRunning(): Promise<ReadonlyMap<string, Sight> | undefined> {
    const [deployments, pods] = [await get<WorkloadObject>('deployments'), await get<SeenPod>('pods')];
    const there = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const sights = deployments.map((workload): [string, Sight] => {
      const { name } = workload.metadata;
      return [name, { workload, pods: there.filter(({ metadata }) => metadata.labels?.app === name) }];
    });
    const running = sights.filter(([, sight]) => sight.pods.length === 1 && sight.pods[0]?.status?.phase === 'Running');
    return running.length === all.length * NATURES.length ? new Map(sights) : undefined;
  }
});
