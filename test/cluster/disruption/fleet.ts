import { isConflict, isNotFound } from '@optipod/operator/runtime';
import { Deployment, PodKind } from 'optipod/kube';
import { OptimizationPolicy } from 'optipod/lib/api';
import { startFakeNodes, type FakeNodes } from '../../support/fake-nodes.js';
import { waitFor } from '../../kit/index.js';
import { startUsageServer, type ToldUsage, type UsageServer } from '../../support/told-usage.js';
import { RESTARTED_AT } from '../../../operator/workloads/workload.js';
import { World } from '../webhook/world.js';

/** What a policy's name and the label `tier` of its workloads may be. */
export const TIERS = ['calm', 'eager'] as const;

export type Tier = (typeof TIERS)[number];

export interface Budgets {
  /** Disruptions an hour. */
  readonly policy: number;
  readonly namespace: number;
  readonly cluster: number;
}

export interface FleetOptions {
  readonly workloads: number;
  readonly budgets: Budgets;
}

export interface Name {
  readonly namespace: string;
  readonly name: string;
}

/** What every container has of its own, and no workload uses so little. */
export const OWN = { cpu: '50m', memory: '64Mi' } as const;

export const IMMEDIATE = { rolloutStrategy: 'immediate', allowRecreate: false } as const;

/** Pods that are evicted one by one, and not all replaced by a rollout. */
export const EVICTING = { rolloutStrategy: 'onNextRestart', allowRecreate: true } as const;

/** Until somebody scales. */
const REPLICAS = 2;

const BOUNDS = { cpu: { min: '10m', max: '2' }, memory: { min: '16Mi', max: '1Gi' } } as const;

/** Workloads that share a namespace, and so its budget. */
const NEIGHBOURS = 5;

const MIB = 2 ** 20;

/** Two samples are enough to move the 99th percentile. */
const STEP_SECONDS = 2;

/** OptiPod over Deployments whose pods run on nodes without kubelets, with usage that is told as it is made up. */
export class Fleet {
  readonly world: World;
  readonly size: number;
  /** What each workload uses now: cores and bytes. */
  readonly usage: { cpu: number; memory: number }[];
  readonly #nodes: FakeNodes;
  readonly #server: UsageServer;

  private constructor(world: World, nodes: FakeNodes, server: UsageServer, usage: Fleet['usage']) {
    this.world = world;
    this.usage = usage;
    this.size = usage.length;
    this.#nodes = nodes;
    this.#server = server;
  }

  /** Resolves when all workloads run with what they have of their own; there are no policies yet. */
  static async start({ workloads, budgets }: FleetOptions): Promise<Fleet> {
    const usage = Array.from({ length: workloads }, () => ({ cpu: 0.1, memory: 80 * MIB }));
    const told = () =>
      usage.map((used, index): ToldUsage => {
        const { namespace, name } = nameOf(index);
        return { namespace, workload: name, container: 'app', ...used };
      });
    const server = await startUsageServer(told, { stepSeconds: STEP_SECONDS });
    const world = await World.start({
      name: 'disruption',
      audit: true,
      operatorFlags: [
        `--custom-url=${server.url}`,
        `--custom-interval=${String(STEP_SECONDS)}s`,
        '--custom-settle=1s',
        '--disrupt-single-replica',
        '--disruption-cooldown=0s',
        `--policy-disruptions-per-hour=${String(budgets.policy)}`,
        `--namespace-disruptions-per-hour=${String(budgets.namespace)}`,
        `--cluster-disruptions-per-hour=${String(budgets.cluster)}`,
      ],
    });
    const nodes = await startFakeNodes(world.cluster, world.client, { nodes: 5 });
    const fleet = new Fleet(world, nodes, server, usage);
    await world.admitWebhook();
    for (const namespace of fleet.#namespaces()) await world.namespace(namespace);
    await Promise.all(usage.map((_, index) => fleet.create(index)));
    await waitFor(
      'all workloads to run',
      async () => {
        nodes.assertRunning();
        const { items } = await world.client.list(Deployment);
        return items.every(({ status }) => status?.availableReplicas === REPLICAS) ? true : undefined;
      },
      { everyMs: 200 },
    );
    return fleet;
  }

  /** Has every workload governed, immediately; and again where somebody had it otherwise. */
  async govern(): Promise<void> {
    for (const namespace of this.#namespaces()) {
      for (const tier of TIERS) {
        await this.world.client.apply(OptimizationPolicy, policyOf(namespace, tier), {
          fieldManager: 'fleet',
          force: true,
        });
      }
    }
  }

  /** Makes a Deployment, and another one of its name where there was one. */
  async create(index: number): Promise<void> {
    const { namespace, name } = nameOf(index);
    const labels = { app: name };
    const container = { name: 'app', image: 'app:0', resources: { requests: OWN } };
    await this.world.client.create(Deployment, {
      metadata: { namespace, name, labels: { ...labels, tier: index % 2 === 0 ? 'calm' : 'eager' } },
      spec: {
        replicas: REPLICAS,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
      },
    });
  }

  /** A merge patch of a Deployment by somebody else; what is gone is left alone. */
  async edit(index: number, body: object): Promise<void> {
    await unlessGone(this.world.client.patch(Deployment, nameOf(index), body, { type: 'merge' }));
  }

  /** Another image, as whoever deploys sets it. */
  async editImage(index: number, image: string): Promise<void> {
    const spec = { template: { spec: { containers: [{ name: 'app', image }] } } };
    await unlessGone(this.world.client.patch(Deployment, nameOf(index), { spec }, { type: 'strategic' }));
  }

  /** `kubectl rollout restart`, by somebody whose clock has milliseconds: it is told from OptiPod's. */
  async restart(index: number): Promise<void> {
    const annotations = { [RESTARTED_AT]: new Date().toISOString() };
    await this.edit(index, { spec: { template: { metadata: { annotations } } } });
  }

  async editPolicy(namespace: string, tier: Tier, spec: object): Promise<void> {
    await this.world.client.patch(OptimizationPolicy, { namespace, name: tier }, { spec }, { type: 'merge' });
  }

  async deleteWorkload(index: number): Promise<void> {
    await unlessGone(this.world.client.delete(Deployment, nameOf(index)));
  }

  /** Deletes one of a workload's pods, as somebody does whose pod hangs. */
  async deletePod(index: number): Promise<void> {
    const { namespace, name } = nameOf(index);
    const { items } = await this.world.client.list(PodKind, { namespace, labelSelector: `app=${name}` });
    if (items[0]) await unlessGone(this.world.client.delete(PodKind, items[0].metadata));
  }

  /** `kubectl rollout undo`; where there is nothing to go back to it does nothing. */
  async undo(index: number): Promise<void> {
    const { namespace, name } = nameOf(index);
    await this.world.cluster.kubectl(['rollout', 'undo', `deployment/${name}`, '-n', namespace], {
      allowFailure: true,
    });
  }

  #namespaces(): ReadonlySet<string> {
    return new Set(this.usage.map((_, index) => nameOf(index).namespace));
  }

  assertRunning(): void {
    this.#nodes.assertRunning();
  }

  async stop(): Promise<void> {
    await this.#nodes.stop();
    await this.world.stop();
    await this.#server.stop();
  }
}

function policyOf(namespace: string, tier: Tier) {
  return {
    metadata: { namespace, name: tier },
    spec: {
      mode: 'Auto',
      selector: { namespaces: { allow: [namespace] }, workloadSelector: { matchLabels: { tier } } },
      metricsConfig: { provider: 'custom', rollingWindow: '5m', percentile: 'P99' },
      resourceBounds: BOUNDS,
      updateStrategy: { strategy: 'webhook', allowInPlaceResize: false, ...IMMEDIATE },
      reconciliationInterval: '10s',
    },
  };
}

export function nameOf(index: number): Name {
  return { namespace: `team-${String(Math.floor(index / NEIGHBOURS))}`, name: `web-${String(index)}` };
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  });
}
