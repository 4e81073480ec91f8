import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestsYaml } from 'optipod/install';
import {
  Deployment,
  EndpointSlice,
  kind,
  Namespace,
  PodKind,
  Secret,
  type Pod,
  type WorkloadObject,
} from 'optipod/kube';
import { OptimizationPolicy, WorkloadRecommendation } from 'optipod/lib/api';
import { NAMES, WEBHOOK_NAMESPACE_LABEL } from 'optipod/lib/optipod';
import { parseAllDocuments } from 'yaml';
import { createClient, loadClusterConfig, type KubeClient } from '../../../operator/runtime/index.js';
import { install, kubeconfigOf, startCluster, waitFor, type Cluster, type Manifest } from '../../kit/index.js';
import { freePort, giveBack } from '../../kit/ports.js';
import { GrowingAuditLog, type Request } from '../../support/audit.js';
import { IMPATIENT } from '../../support/impatient.js';
import { KeptRunning } from '../../support/kept-running.js';
import { openLink, type Link } from '../../support/link.js';
import { makePodsReady, type MadeReady } from '../../support/made-ready.js';
import { startOptipod } from '../../support/optipod-process.js';
import { accountName } from '../../support/rights.js';
import { startUsageServer, type UsageServer } from '../../support/told-usage.js';
import { webhookSlice } from '../../support/webhook-slice.js';

export const SPACE = 'outages';
export const CONTAINER = 'app';

/** What every template has. */
export const OWN_CPU = '50m';

/** Deployments, each under a policy of its own: how pods get what is recommended that cannot be resized. */
export const WORKLOADS = {
  evicted: { allowRecreate: true },
  restarted: { rolloutStrategy: 'immediate' },
  patient: {},
} as const;

export type Name = keyof typeof WORKLOADS;
const NAMES_OF_ALL = Object.keys(WORKLOADS) as Name[];

/** As in an installation that is in a hurry. */
const SETTINGS = {
  ...IMPATIENT,
  OPTIPOD_NAMESPACE: NAMES.namespace,
  OPTIPOD_WEBHOOK_RETRY: '500ms',
  OPTIPOD_CUSTOM_INTERVAL: '2s',
  OPTIPOD_CUSTOM_SETTLE: '1s',
  OPTIPOD_MIN_SAMPLES: '5',
  OPTIPOD_LEADER_ELECT_LEASE_DURATION: '3s',
  OPTIPOD_LEADER_ELECT_RENEW_DEADLINE: '2s',
  OPTIPOD_LEADER_ELECT_RETRY_PERIOD: '500ms',
};

const Service = kind('', 'v1', 'Service', 'services');

interface Ports {
  readonly webhook: number;
  readonly webhookHealth: number;
  readonly operatorHealth: number;
}

/**
 * OptiPod's operator and webhook as processes beside a real control plane, each with its own account's rights, and the links
 * between them and kube-apiserver, all to be taken away. Pods are ready as soon as they are there: there is no node.
 */
export class Site {
  readonly cluster: Cluster;
  /** An administrator's. */
  readonly client: KubeClient;
  /** From kube-apiserver to the webhook, and the other way. */
  readonly toWebhook: Link;
  readonly toApiserver: Link;
  readonly #usage: UsageServer;
  readonly #pods: MadeReady;
  readonly #audit: GrowingAuditLog;
  readonly #ports: Ports;
  #operator: KeptRunning | undefined;
  #webhook: KeptRunning | undefined;

  private constructor(parts: {
    readonly cluster: Cluster;
    readonly client: KubeClient;
    readonly toWebhook: Link;
    readonly toApiserver: Link;
    readonly usage: UsageServer;
    readonly pods: MadeReady;
    readonly ports: Ports;
  }) {
    this.cluster = parts.cluster;
    this.client = parts.client;
    this.toWebhook = parts.toWebhook;
    this.toApiserver = parts.toApiserver;
    this.#usage = parts.usage;
    this.#pods = parts.pods;
    this.#ports = parts.ports;
    const operator = accountName({ namespace: NAMES.namespace, name: NAMES.operator });
    this.#audit = new GrowingAuditLog(parts.cluster.auditLog ?? '', ({ user }) => user.username === operator);
  }

  static async start(): Promise<Site> {
    const cluster = await startCluster({ name: 'outages', audit: true });
    const client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
    const port = () => freePort('127.0.0.1');
    const ports = { webhook: await port(), webhookHealth: await port(), operatorHealth: await port() };
    const toWebhook = await openLink(() => ports.webhook);
    await install(cluster, installation(toWebhook.port));
    await client.create(EndpointSlice, webhookSlice());
    const labels = { [WEBHOOK_NAMESPACE_LABEL.key]: WEBHOOK_NAMESPACE_LABEL.value };
    await client.create(Namespace, { metadata: { name: SPACE, labels } });
    const toApiserver = await openLink(() => Number(new URL(cluster.server).port));
    const used = { namespace: SPACE, container: CONTAINER, cpu: 0.001, memory: 2 ** 20 };
    const usage = await startUsageServer(() => NAMES_OF_ALL.map((workload) => ({ ...used, workload })));
    const pods = await makePodsReady(client, SPACE);
    const site = new Site({ cluster, client, toWebhook, toApiserver, usage, pods, ports });
    await Promise.all([site.startOperator(), site.startWebhook()]);
    for (const name of NAMES_OF_ALL) await client.create(Deployment, deployment(name));
    return site;
  }

  async startOperator(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const kubeconfig = await kubeconfigOf(this.cluster, { namespace: NAMES.namespace, name: NAMES.operator });
    const port = this.#ports.operatorHealth;
    const env = {
      ...SETTINGS,
      KUBECONFIG: kubeconfig,
      OPTIPOD_HEALTH_PORT: String(port),
      OPTIPOD_CUSTOM_URL: this.#usage.url,
      ...settings,
    };
    this.#operator = await KeptRunning.start(() => startOptipod('operator', env));
    await this.#ready(port);
  }

  async startWebhook(): Promise<void> {
    const direct = await kubeconfigOf(this.cluster, { namespace: NAMES.namespace, name: NAMES.webhook });
    const linked = join(this.cluster.folder, 'webhook-linked.kubeconfig');
    const server = `https://127.0.0.1:${this.toApiserver.port}`;
    writeFileSync(linked, readFileSync(direct, 'utf8').replace(this.cluster.server, server), { mode: 0o600 });
    const { webhook, webhookHealth } = this.#ports;
    const env = {
      KUBECONFIG: linked,
      OPTIPOD_NAMESPACE: NAMES.namespace,
      OPTIPOD_PORT: String(webhook),
      OPTIPOD_HEALTH_PORT: String(webhookHealth),
    };
    this.#webhook = await KeptRunning.start(() => startOptipod('webhook', env));
    await this.#ready(webhookHealth);
  }

  /** kill -9. */
  async killOperator(): Promise<void> {
    await this.#operator?.kill();
  }

  async killWebhook(): Promise<void> {
    await this.#webhook?.kill();
  }

  /** What the webhook's Service has noticed of it. */
  async notice(isReady: boolean): Promise<void> {
    const { metadata, endpoints } = webhookSlice({ isReady });
    await this.client.patch(EndpointSlice, metadata, { endpoints }, { type: 'merge' });
  }

  /** Has every policy recommend this much CPU: usage is next to nothing, so that its least is what is recommended. */
  async recommend(cpu: string): Promise<void> {
    for (const name of NAMES_OF_ALL) {
      await this.client.apply(OptimizationPolicy, policy(name, cpu), { fieldManager: 'test', force: true });
    }
  }

  /** One pod more. */
  async grow(name: Name): Promise<void> {
    const { replicas = 0 } = (await this.workload(name)).spec;
    const body = { spec: { replicas: replicas + 1 } };
    await this.client.patch(Deployment, { namespace: SPACE, name }, body, { type: 'merge' });
  }

  workload(name: Name): Promise<WorkloadObject> {
    return this.client.get(Deployment, { namespace: SPACE, name });
  }

  /** Those that are there to stay, the youngest last. */
  async pods(name: Name): Promise<readonly Pod[]> {
    const { items } = await this.client.list(PodKind, { namespace: SPACE, labelSelector: `app=${name}` });
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
  }

  /** Waits until the annotations of every workload say so. */
  async said(cpu: string): Promise<void> {
    for (const name of NAMES_OF_ALL) {
      await this.#waitFor(`the annotations of ${name} to say ${cpu}`, async () => {
        const { annotations = {} } = (await this.workload(name)).metadata;
        if (annotations[`optipod.io/cpu-request.${CONTAINER}`] === cpu) return true;
        throw new Error(JSON.stringify(annotations));
      });
    }
  }

  /** Waits until all pods of a workload have this CPU and are ready. */
  async have(name: Name, cpu: string): Promise<void> {
    await this.#waitFor(`every pod of ${name} to have ${cpu}`, async () => {
      const pods = await this.pods(name);
      const { replicas } = (await this.workload(name)).spec;
      if (pods.length === replicas && pods.every((pod) => cpuOf(pod) === cpu && isReady(pod))) return true;
      const told = await this.told(name);
      throw new Error(JSON.stringify({ pods: pods.map((pod) => [cpuOf(pod), isReady(pod)]), told }));
    });
  }

  /** The condition Applied of a workload's WorkloadRecommendation. */
  async told(name: Name): Promise<{ readonly reason: string; readonly message: string } | undefined> {
    const { status } = await this.client.get(WorkloadRecommendation, { namespace: SPACE, name: `deployment-${name}` });
    return status?.conditions?.find(({ type }) => type === 'Applied');
  }

  /** Waits for a workload's WorkloadRecommendation to say why it is not applied. */
  tells(name: Name, reason: string): Promise<string> {
    return this.#waitFor(`${name} to be told ${reason}`, async () => {
      const told = await this.told(name);
      return told?.reason === reason ? told.message : Promise.reject(new Error(JSON.stringify(told)));
    });
  }

  /** Waits for the condition Applying of a policy to have a reason. */
  async applying(name: Name, reason: string): Promise<void> {
    await this.#waitFor(`the policy ${name} to say ${reason}`, async () => {
      const { status } = await this.client.get(OptimizationPolicy, { namespace: SPACE, name });
      const { conditions = [] } = (status ?? {}) as {
        readonly conditions?: readonly { type: string; reason: string }[];
      };
      const found = conditions.find(({ type }) => type === 'Applying');
      return found?.reason === reason ? true : Promise.reject(new Error(JSON.stringify(found)));
    });
  }

  /** Waits until the operator has been refused by a guard so many times more, for this reason. */
  async refusedAgain(reason: string, times: number): Promise<void> {
    const before = await this.#refusals(reason);
    const more = async () => ((await this.#refusals(reason)) >= before + times ? true : undefined);
    await this.#waitFor(`${times} more refusals for ${reason}`, more);
  }

  /** Evictions, rolling restarts, and pods asked for as a dry run, in their order, of the operator. */
  asked(): readonly Asked[] {
    return this.#audit.read().flatMap((request) => askedOf(request) ?? []);
  }

  /** When the certificate ends that the webhook serves with, in seconds since 1970. */
  async servedUntil(): Promise<number> {
    return (
      (await metric(this.#ports.webhookHealth, 'optipod_webhook_served_certificate_expiry_timestamp_seconds')) ?? 0
    );
  }

  secret() {
    return this.client.get(Secret, { namespace: NAMES.namespace, name: NAMES.certificateSecret });
  }

  async stop(): Promise<void> {
    await Promise.all([this.killOperator(), this.killWebhook()]);
    giveBack(Object.values(this.#ports));
    await Promise.all([this.#pods.stop(), this.#usage.stop(), this.toWebhook.close(), this.toApiserver.close()]);
    await this.client.close();
    await this.cluster.stop();
  }

  /** A minute at most, and none once one of the processes has ended by itself. */
  #waitFor<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
    const check = () => {
      this.#operator?.check();
      this.#webhook?.check();
      return probe();
    };
    return waitFor(what, check);
  }

  async #ready(port: number): Promise<void> {
    const isReady = async () => ((await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200 ? true : undefined);
    await this.#waitFor('a process to be ready', isReady);
  }

  async #refusals(reason: string): Promise<number> {
    return (await metric(this.#ports.operatorHealth, `optipod_disruption_refusals_total{reason="${reason}"}`)) ?? 0;
  }
}

export interface Asked {
  readonly what: 'eviction' | 'restart' | 'dry run';
  /** Of the answer. */
  readonly code: number;
}

function askedOf({ verb, objectRef, requestURI, requestObject, responseStatus }: Request): Asked | undefined {
  const code = responseStatus?.code ?? 0;
  const { resource, subresource } = objectRef ?? {};
  if (resource === 'pods' && subresource === 'eviction') return { what: 'eviction', code };
  if (resource === 'pods' && verb === 'create' && requestURI.includes('dryRun=All')) return { what: 'dry run', code };
  const restarts =
    verb === 'patch' && JSON.stringify(requestObject ?? {}).includes('kubectl.kubernetes.io/restartedAt');
  return restarts ? { what: 'restart', code } : undefined;
}

export function cpuOf({ spec }: Pod): string {
  return String(spec.containers.find(({ name }) => name === CONTAINER)?.resources?.requests?.cpu);
}

export function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

async function metric(port: number, series: string): Promise<number | undefined> {
  const lines = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split('\n');
  const line = lines.find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** What is installed, but for its pods. Its Service leads to a port of this machine, and nobody waits long for it, but for a busy machine. */
function installation(port: number): Manifest[] {
  const objects = parseAllDocuments(manifestsYaml()).map((document) => document.toJS() as Installed);
  return objects
    .filter(({ kind: one }) => one !== 'Deployment')
    .map((object): Installed => {
      if (object.kind === Service.kind && object.metadata.name === NAMES.webhook)
        return { ...object, spec: { type: 'ExternalName', externalName: 'localhost' } };
      if (!object.webhooks) return object;
      const webhooks = object.webhooks.map((webhook) => ({
        ...webhook,
        timeoutSeconds: 3,
        clientConfig: { service: { ...webhook.clientConfig.service, port } },
      }));
      return { ...object, webhooks };
    });
}

type Installed = Manifest & {
  readonly spec?: object;
  readonly webhooks?: readonly { readonly clientConfig: { readonly service: object } }[];
};

function deployment(name: Name) {
  const labels = { app: name };
  const container = {
    name: CONTAINER,
    image: 'never-run',
    resources: { requests: { cpu: OWN_CPU, memory: '32Mi' } },
  };
  return {
    metadata: { namespace: SPACE, name, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { automountServiceAccountToken: false, containers: [container] } },
    },
  };
}

function policy(name: Name, cpu: string) {
  return {
    metadata: { namespace: SPACE, name },
    spec: {
      mode: 'Auto',
      selector: { namespaces: { allow: [SPACE] }, workloadSelector: { matchLabels: { app: name } } },
      metricsConfig: { provider: 'custom', rollingWindow: '10m' },
      resourceBounds: { cpu: { min: cpu, max: '8' }, memory: { min: '32Mi', max: '1Gi' } },
      updateStrategy: { strategy: 'webhook', allowInPlaceResize: false, ...WORKLOADS[name] },
      reconciliationInterval: '10s',
    },
  };
}
