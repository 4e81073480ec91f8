import { manifestsYaml, type OptiPodProps } from 'optipod/install';
import {
  EndpointSlice,
  MutatingWebhookConfiguration,
  Namespace,
  ValidatingWebhookConfiguration,
  type Kind,
} from 'optipod/kube';
import { NAMES } from 'optipod/lib/optipod';
import { parseAllDocuments, stringify } from 'yaml';
import type { MetricsProvider } from '../../../operator/metrics/reading.js';
import { createOperator } from '../../../operator/operator.js';
import { operatorSettings } from '../../../operator/settings.js';
import {
  createClient,
  createLeaderElection,
  createMetrics,
  loadClusterConfig,
  silentLogger,
  type ClusterConfig,
  type KubeClient,
  type LeaderElection,
  type RuntimeMetrics,
} from '../../../operator/runtime/index.js';
import { webhookSettings } from '../../../webhook/settings.js';
import { createWebhook } from '../../../webhook/webhook.js';
import { established, startCluster, waitFor, type Cluster } from '../../kit/index.js';
import { webhookSlice } from '../../support/webhook-slice.js';
import { certificatesOnly } from './certificates-only.js';

const SOON = { everyMs: 20, timeoutMs: 30_000 };

/** One of OptiPod's processes, run in this one with its service account's rights. */
export interface Running {
  readonly metrics: RuntimeMetrics;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Where it is installed, and taken away from again. @default a control plane of its own */
  readonly cluster?: Cluster;
  /** Whether all of the operator runs, or only what keeps the certificates: annotations of a test's own stay. @default 'all' */
  readonly operator?: 'all' | 'certificates';
  /** A provider of usage of the test's own. */
  readonly custom?: MetricsProvider;
  /** Of the cluster. @default 'webhook' */
  readonly name?: string;
  /** Milliseconds since 1970, for the operator. @default Date.now */
  readonly now?: () => number;
  /** Further flags. */
  readonly operatorFlags?: readonly string[];
  readonly webhookFlags?: readonly string[];
  /** Of the installation. @default its defaults */
  readonly props?: OptiPodProps;
  /** What has to be there before the processes start; the namespace is. */
  readonly prepare?: (client: KubeClient) => Promise<void>;
  /** Whether there is an audit log. @default false */
  readonly audit?: boolean;
  /** Whether the operator has to be elected, as it has to where it is installed. @default false */
  readonly elected?: boolean;
  /** Of the webhook configurations, instead of the synthesized one: what fails is seen. */
  readonly failurePolicy?: 'Fail';
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
  #options: WorldOptions;

  private constructor(cluster: Cluster, config: ClusterConfig, options: WorldOptions) {
    this.cluster = cluster;
    this.config = config;
    this.client = createClient(config);
    this.#options = options;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const cluster =
      options.cluster ?? (await startCluster({ name: options.name ?? 'webhook', audit: options.audit ?? false }));
    const world = new World(cluster, await loadClusterConfig({ kubeconfig: cluster.kubeconfig }), options);
    await world.apply(synthesized(options.props).filter(({ kind }) => kind !== 'Deployment' && !isConfiguration(kind)));
    await established(cluster, 'crd/optimizationpolicies.optipod.io');
    await options.prepare?.(world.client);
    await world.startOperator();
    await world.startWebhook();
    await world.configure(options.failurePolicy);
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
    const { operator = 'all', operatorFlags = [], elected = false, now, custom } = this.#options;
    const { client, metrics } = await this.#clientOf(NAMES.operator);
    const election = elected ? await this.#election() : {};
    const settings = operatorSettings({ env: {}, argv: ['--health-port=0', ...operatorFlags] });
    const webhookNames = ['localhost'];
    const given = { client, metrics, ...(now ? { now } : {}) };
    const manager =
      operator === 'certificates'
        ? certificatesOnly({ ...given, dnsNames: webhookNames })
        : createOperator({
            ...given,
            settings,
            log: silentLogger,
            webhookNames,
            ...(custom ? { custom } : {}),
            ...election,
          });
    this.#operator = running(metrics, (signal) => manager.run(signal));
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.stop();
    this.#operator = undefined;
  }

  async startWebhook(): Promise<void> {
    const { client, metrics } = await this.#clientOf(NAMES.webhook);
    const argv = [`--port=${this.#port}`, '--health-port=0', '--drain=0s', ...(this.#options.webhookFlags ?? [])];
    const settings = webhookSettings({ env: {}, argv });
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

  /** Has kube-apiserver call the webhook. @param failurePolicy instead of the synthesized one */
  async configure(failurePolicy?: 'Fail'): Promise<void> {
    const configurations = synthesized(this.#options.props).filter(({ kind }) => isConfiguration(kind));
    await this.apply(configurations.map((object) => this.byUrl(object, failurePolicy)));
  }

  /** Has the operator take the webhook for ready: it runs in this process, which no Service knows. */
  async admitWebhook(): Promise<void> {
    await this.client.create(EndpointSlice, webhookSlice());
  }

  /** Both processes anew, with other options. */
  async restart(options: WorldOptions): Promise<void> {
    this.#options = options;
    await Promise.all([this.stopWebhook(), this.stopOperator()]);
    await Promise.all([this.startWebhook(), this.startOperator()]);
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

  /** What became of the pods (or policies) that the webhook reviewed since it was started, by result. */
  async results(what: 'pods' | 'policies' = 'pods'): Promise<Record<string, number>> {
    const metric = this.webhook.metrics.registry.getSingleMetric(`optipod_webhook_${what}_total`);
    const { values } = (await metric?.get()) ?? { values: [] };
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.result), value]));
  }

  async stop(): Promise<void> {
    await Promise.all([this.stopWebhook(), this.stopOperator()]);
    await this.client.close();
    if (this.#options.cluster) await this.#uninstall();
    else await this.cluster.stop();
  }

  async #uninstall(): Promise<void> {
    const objects = synthesized(this.#options.props).filter(({ kind }) => kind !== 'Deployment');
    const input = objects.map((object) => stringify(object)).join('---\n');
    await this.cluster.kubectl(['delete', '--ignore-not-found', '--timeout=60s', '-f', '-'], { input });
  }

  async #election(): Promise<{ readonly leaderElection: LeaderElection }> {
    const { client } = await this.#clientOf(NAMES.operator);
    return { leaderElection: createLeaderElection({ client, namespace: NAMES.namespace, name: NAMES.operator }) };
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
  byUrl(configuration: Synthesized, failurePolicy?: 'Fail'): object {
    const at = ({ service, caBundle }: ClientConfig) => ({
      url: `https://localhost:${this.#port}${service?.path ?? ''}`,
      ...(caBundle === undefined ? {} : { caBundle }),
    });
    return {
      ...configuration,
      webhooks: configuration.webhooks?.map((webhook) => ({
        ...webhook,
        clientConfig: at(webhook.clientConfig),
        ...(failurePolicy ? { failurePolicy } : {}),
      })),
    };
  }
}

interface Synthesized {
  readonly kind: string;
  readonly webhooks?: readonly { readonly clientConfig: ClientConfig }[] | undefined;
}

interface ClientConfig {
  readonly service?: { readonly path: string };
  readonly caBundle?: string;
}

function synthesized(props?: OptiPodProps): Synthesized[] {
  return parseAllDocuments(manifestsYaml(props)).map((document) => document.toJS() as Synthesized);
}

const isConfiguration = (kind: string) =>
  kind === MutatingWebhookConfiguration.kind || kind === ValidatingWebhookConfiguration.kind;

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
