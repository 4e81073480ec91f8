import { startCluster, type Cluster } from '../../kit/index.js';
import { patience } from '../../kit/wait.js';
import { requestsOf, type Request } from '../../support/audit.js';
import { startFront, type Front } from '../../support/front.js';
import { installOperator, OPERATOR_ACCOUNT } from '../../support/operator-install.js';
import { IMPATIENT } from '../../support/impatient.js';
import { runOperator, type LogLine, type RunningOperator } from '../../support/operator-run.js';
import { accountName } from '../../support/rights.js';
import { startPrometheus, type Prometheus } from '../../support/prometheus.js';
import { Objects } from './objects.js';
import { history } from './history.js';

export const OWN_NAMESPACE = OPERATOR_ACCOUNT.namespace;

/** OptiPod in a cluster of its own; the operator runs in this process, with its service account's rights and no others. */
export class Installation {
  readonly cluster: Cluster;
  readonly objects: Objects;
  /** What the operator takes for Prometheus; behind it is a real one. */
  readonly front: Front;
  /** Path of a kubeconfig of the operator's service account. */
  readonly kubeconfig: string;
  readonly #prometheus: Prometheus;
  #operator: RunningOperator | undefined;

  private constructor(cluster: Cluster, prometheus: Prometheus, front: Front, kubeconfig: string) {
    this.cluster = cluster;
    this.objects = new Objects(cluster);
    this.front = front;
    this.kubeconfig = kubeconfig;
    this.#prometheus = prometheus;
  }

  static async start(): Promise<Installation> {
    const [cluster, prometheus] = await Promise.all([
      startCluster({ name: 'operator', audit: true }),
      startPrometheus(history),
    ]);
    const kubeconfig = await installOperator(cluster);
    const installation = new Installation(cluster, prometheus, await startFront(prometheus.url), kubeconfig);
    await installation.startOperator();
    return installation;
  }

  get operator(): RunningOperator {
    if (!this.#operator) throw new Error('the operator does not run');
    return this.#operator;
  }

  get settings(): Record<string, string> {
    return {
      OPTIPOD_PROMETHEUS_URL: this.front.url,
      OPTIPOD_PROMETHEUS_STEP: '5s',
      OPTIPOD_PROMETHEUS_RATE_WINDOW: '1m',
      // On an idle machine two seconds are a lot.
      OPTIPOD_PROMETHEUS_TIMEOUT: `${2 * patience}s`,
      ...IMPATIENT,
    };
  }

  /** @param env settings besides the usual ones. */
  async startOperator(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#operator = await runOperator(this.kubeconfig, { ...this.settings, ...env });
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.stop();
    this.#operator = undefined;
  }

  /** The end of the operator's log: for whoever has to find out why a test failed. */
  lastWords(): readonly LogLine[] {
    return this.#operator?.log.slice(-30) ?? [];
  }

  /** What the operator asked of the apiserver since it was installed. */
  requests(): Request[] {
    return requestsOf(this.cluster.auditLog ?? '', accountName(OPERATOR_ACCOUNT));
  }

  async stop(): Promise<void> {
    await this.stopOperator();
    await this.front.down();
    await this.objects.close();
    await Promise.all([this.#prometheus.stop(), this.cluster.stop()]);
  }
}

let users = 0;
let shared: Promise<Installation> | undefined;

async function stopShared(): Promise<void> {
  const installation = await shared;
  shared = undefined;
  await installation?.stop();
}

/**
 * For a suite: the installation that all suites of this folder share. It is stopped after the last of them; having been
 * refused something for want of a right fails the suite in which that happened.
 */
export function useInstallation(): () => Installation {
  let installation: Installation | undefined;
  users += 1;
  before(async function () {
    this.timeout(180_000);
    installation = await (shared ??= Installation.start());
  });
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    const lines = installation?.lastWords() ?? [];
    process.stderr.write(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  });
  after(async function () {
    this.timeout(30_000);
    users -= 1;
    const forbidden = installation?.requests().filter(({ responseStatus }) => responseStatus?.code === 403) ?? [];
    if (users === 0) await stopShared();
    if (forbidden.length > 0) throw new Error(`forbidden: ${JSON.stringify(forbidden[0], undefined, 2)}`);
  });
  return () => {
    if (!installation) throw new Error('the installation is there once the suite has begun');
    return installation;
  };
}

// Where only some suites were asked for, the others never say that they are done.
after(stopShared);
