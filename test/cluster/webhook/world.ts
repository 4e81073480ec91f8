import { manifestsYaml } from 'optipod/install';
import { MutatingWebhookConfiguration, Namespace, type Kind } from 'optipod/kube';
import { NAMES } from 'optipod/lib/optipod';
import { parseAllDocuments, stringify } from 'yaml';
import { createOperator } from '../../../operator/operator.js';
import { operatorSettings } from '../../../operator/settings.js';
import {
  createClient,
  createMetrics,
  loadClusterConfig,
  silentLogger,
  type ClusterConfig,
  type KubeClient,
  type RuntimeMetrics,
} from '../../../operator/runtime/index.js';
import { webhookSettings } from '../../../webhook/settings.js';
import { createWebhook } from '../../../webhook/webhook.js';
import { startCluster, waitFor, type Cluster } from '../../kit/index.js';

const SOON = { everyMs: 20, timeoutMs: 30_000 };

/** One of OptiPod's processes, run in this one with its service account's rights. */
export interface Running {
  readonly metrics: RuntimeMetrics;
  stop(): Promise<void>;
}

/**
 * OptiPod in a cluster of its own: everything of its manifests is there but the pods. Operator and webhook run here, each as
 * its own service account, and kube-apiserver reaches the webhook by URL.
 */
export class World {
  readonly cluster: Cluster;
  /** An administrator's. */
  readonly client: KubeClient;
  readonly config: ClusterConfig;
  /** Of all processes that ran, to see what they asked of kube-apiserver. */
  readonly allMetrics: RuntimeMetrics[] = [];
  #operator: Running | undefined;
  #webhook: Running | undefined;
  /** Stays the same when the webhook comes back. */
  #port = 0;

  private constructor(cluster: Cluster, config: ClusterConfig) {
    this.cluster = cluster;
    this.config = config;
    this.client = createClient(config);
  }

  static async start(): Promise<World> {
    const cluster = await startCluster({ name: 'webhook' });
    const world = new World(cluster, await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
    await world.apply(synthesized().filter(({ kind }) => kind !== 'Deployment' && !isConfiguration(kind)));
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/optimizationpolicies.optipod.io']);
    await world.startOperator();
    await world.startWebhook();
    await world.apply(
      synthesized()
        .filter(({ kind }) => isConfiguration(kind))
        .map((object) => world.byUrl(object)),
    );
    return world;
  }

  get webhook(): Running {
    if (!this.#webhook) throw new Error('the webhook does not run');
    return this.#webhook;
  }

  get port(): number {
    return this.#port;
  }

  async apply(objects: readonly object[]): Promise<void> {
    const input = objects.map((object) => stringify(object)).join('---\n');
    await this.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
  }

  async startOperator(): Promise<void> {
    const { client, metrics } = await this.#clientOf(NAMES.operator);
    const settings = operatorSettings({ env: {}, argv: ['--health-port=0'] });
    const manager = createOperator({ client, metrics, settings, log: silentLogger, webhookNames: ['localhost'] });
    this.#operator = running(metrics, (signal) => manager.run(signal));
  }

  async startWebhook(): Promise<void> {
    const { client, metrics } = await this.#clientOf(NAMES.webhook);
    const settings = webhookSettings({ env: {}, argv: [`--port=${this.#port}`, '--health-port=0', '--drain=0s'] });
    const { manager, server } = createWebhook({ client, metrics, settings, log: silentLogger, host: '127.0.0.1' });
    this.#webhook = running(metrics, (signal) => manager.run(signal));
    await waitFor(
      'the webhook to be ready',
      async () => ((await manager.unready()).length === 0 ? true : undefined),
      SOON,
    );
    this.#port = server.port ?? 0;
  }

  async stopWebhook(): Promise<void> {
    await this.#webhook?.stop();
    this.#webhook = undefined;
  }

  async namespace(name: string, labels: Record<string, string> = { 'optipod.io/webhook': 'enabled' }): Promise<string> {
    await this.client.create(Namespace, { metadata: { name, labels } });
    // Pods are refused before it is there.
    await waitFor(
      'the default service account',
      () => this.client.get(ServiceAccount, { namespace: name, name: 'default' }),
      SOON,
    );
    return name;
  }

  /** What became of the pods that the webhook reviewed since it was started, by result. */
  async results(): Promise<Record<string, number>> {
    const { values } = (await this.webhook.metrics.registry.getSingleMetric('optipod_webhook_pods_total')?.get()) ?? {
      values: [],
    };
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.result), value]));
  }

  async stop(): Promise<void> {
    await Promise.all([this.stopWebhook(), this.#operator?.stop()]);
    await this.client.close();
    await this.cluster.stop();
  }

  async #clientOf(account: string): Promise<{ client: KubeClient; metrics: RuntimeMetrics }> {
    const { stdout } = await this.cluster.kubectl(['create', 'token', account, '-n', NAMES.namespace]);
    const { server, tls } = this.config;
    const metrics = createMetrics();
    this.allMetrics.push(metrics);
    const authorization = () => Promise.resolve(`Bearer ${stdout.trim()}`);
    const config = { server, namespace: NAMES.namespace, tls: { ...(tls.ca ? { ca: tls.ca } : {}) }, authorization };
    return { client: createClient(config, { metrics }), metrics };
  }

  /** The synthesized configuration, but for where the webhook is. */
  byUrl(configuration: Synthesized): Synthesized {
    const url = `https://localhost:${this.#port}/mutate`;
    return {
      ...configuration,
      webhooks: configuration.webhooks?.map((webhook) => ({ ...webhook, clientConfig: { url } })),
    };
  }
}

interface Synthesized {
  readonly kind: string;
  readonly webhooks?: readonly object[] | undefined;
}

function synthesized(): Synthesized[] {
  return parseAllDocuments(manifestsYaml()).map((document) => document.toJS() as Synthesized);
}

const isConfiguration = (kind: string) => kind === MutatingWebhookConfiguration.kind;

const ServiceAccount: Kind = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  scope: 'Namespaced',
};

function running(metrics: RuntimeMetrics, run: (signal: AbortSignal) => Promise<void>): Running {
  const stop = new AbortController();
  const ended = run(stop.signal);
  ended.catch(() => undefined);
  return {
    metrics,
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}
