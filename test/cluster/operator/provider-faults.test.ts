import { expect } from 'chai';
import { treeAt } from '../../documents/tree.js';
import { eventsOf, waitFor } from '../../kit/index.js';
import { patience } from '../../kit/wait.js';
import { startFront, type Behaviour, type Front } from '../../support/front.js';
import { podMetricsList, servePodMetrics } from '../../support/pod-metrics-server.js';
import { startUsageServer, type UsageServer } from '../../support/told-usage.js';
import { FAULTY_ANSWERS, SERVER_FAULTS, withFaults, withNothing, type ServerFault } from './faults.js';
import { MIB, podOf } from './history.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

/** So little that what is recommended is no decrease, for which history has to cover the window without a gap at its end. */
const SMALL = {
  spec: {
    template: { spec: { containers: [{ name: 'app', resources: { requests: { cpu: '100m', memory: '128Mi' } } }] } },
  },
};
const RECOMMENDED = { cpu: '240m', memory: '240Mi' };
const SAID = { 'recommendation.app.cpu-request': '240m', 'recommendation.app.memory-request': '240Mi' };
const STEADY = { container: 'app', cpu: 0.2, memory: 200 * MIB };

/** Readings as often as there can be any, so that no test waits for one. */
const SETTINGS = {
  OPTIPOD_PROMETHEUS_STEP: '1s',
  OPTIPOD_CUSTOM_INTERVAL: '1s',
  OPTIPOD_CUSTOM_SETTLE: '0s',
  OPTIPOD_CUSTOM_TIMEOUT: `${2 * patience}s`,
  OPTIPOD_METRICS_SERVER_INTERVAL: '1s',
};

/** Where metrics-server sees a pod once they are there: one for each fault. */
const MEASURED = [...SERVER_FAULTS, 'slow'].map((_, index) => `measured-${index}`);

describe('faults of providers', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  // What is taken back in here is so while the installation is still there.
  describe('which are asked every second', () => faultsOf(installation));
});

function faultsOf(installation: ReturnType<typeof useInstallation>): void {
  const objects = () => installation().objects;
  let usage: UsageServer;
  let customFront: Front;
  let stopPodMetrics: () => Promise<void>;
  let measured = 0;

  /** A policy of each provider with a server of its own, and the workload that it recommends for. */
  const struck = () =>
    [
      { front: installation().front, policy: 'OptimizationPolicy/struck/prometheus', workload: 'struck/web' },
      { front: customFront, policy: 'OptimizationPolicy/told/custom', workload: 'told/web' },
    ] as const;

  before(async () => {
    usage = await startUsageServer(() => [{ ...STEADY, namespace: 'told', workload: 'web' }], { stepSeconds: 5 });
    customFront = await startFront(usage.url);
    // Whoever looks twice within a second sees two readings: the clock of the node is ten minutes ahead.
    let read = Math.floor(Date.now() / 1000) + 600;
    stopPodMetrics = await servePodMetrics(installation().cluster, () =>
      podMetricsList(
        MEASURED.slice(0, measured).map((name) => ({ ...STEADY, namespace: name, pod: podOf('web') })),
        (read += 1),
      ),
    );
    await installation().stopOperator();
    await installation().startOperator({ ...SETTINGS, OPTIPOD_CUSTOM_URL: customFront.url });
    await objects().create(
      ...['struck', 'told'].flatMap((name) => [namespace(name), deployment(name, 'web', SMALL)]),
      policy('struck', 'prometheus'),
      policy('told', 'custom', { metricsConfig: { provider: 'custom' } }),
      namespace('measuring'),
      policy('measuring', 'measured', {
        selector: { namespaces: { allow: MEASURED } },
        metricsConfig: { provider: 'metrics-server', metricsServer: { minSamplesRequired: 1 } },
      }),
    );
    for (const { policy: name } of struck()) await recovered(name);
  });
  after(async () => {
    for (const { policy: name } of struck()) await objects().remove(name);
    await objects().remove('OptimizationPolicy/measuring/measured');
    await stopPodMetrics();
    await installation().stopOperator();
    await installation().startOperator();
    await customFront.down();
    await usage.stop();
  });
  afterEach(async () => {
    for (const { front } of struck()) await heal(front);
    for (const { policy: name } of struck()) await recovered(name);
  });

  async function heal(front: Front): Promise<void> {
    front.behave(() => 'forward');
    await front.up();
  }

  async function recovered(name: Name): Promise<void> {
    const { status } = await objects().condition(name, 'MetricsAvailable', 'MetricsAvailable');
    expect(status).to.equal('True');
  }

  /** What is recommended for the container of a Deployment, as its WorkloadRecommendation tells. */
  async function recommendedFor(workload: string): Promise<unknown> {
    const [where = '', name = ''] = workload.split('/');
    const report = await objects().get(`WorkloadRecommendation/${where}/deployment-${name}`);
    const containers = treeAt(report, 'status.containers');
    const [container] = Array.isArray(containers) ? (containers as unknown[]) : [];
    const of = (resource: string) => treeAt(container, `${resource}.recommended.request`);
    return { cpu: of('cpu'), memory: of('memory') };
  }

  async function standsAsItWas(workload: string): Promise<void> {
    expect(await objects().said(`Deployment/${workload}`)).to.include(SAID);
    expect(await recommendedFor(workload)).to.deep.equal(RECOMMENDED);
  }

  /** A workload that is new to the provider metrics-server gets its recommendation, from usage that is read now. */
  async function otherPolicyGoesOn(): Promise<void> {
    const name = MEASURED[measured++] ?? '';
    await objects().create(namespace(name), deployment(name, 'web', SMALL));
    await objects().saying(
      `Deployment/${name}/web`,
      'annotated',
      (said) => said['recommendation.app.cpu-request'] !== undefined,
    );
    await waitFor(`the recommendation in ${name}`, () => recommendedFor(`${name}/web`).catch(() => undefined));
    await standsAsItWas(`${name}/web`);
  }

  /** By itself: nothing but usage has the policy evaluated. */
  async function complains(of: ReturnType<typeof struck>[number], { reason, says }: ServerFault): Promise<void> {
    const { status, message } = await objects().condition(of.policy, 'MetricsAvailable', reason);
    expect(status).to.equal('False');
    expect(message).to.contain(of.front.url).and.to.match(says);
    const { conditions } = await objects().status(of.policy);
    expect(conditions?.find(({ type }) => type === 'Ready')).to.include({ status: 'True', reason: 'PolicyActive' });
    await standsAsItWas(of.workload);
  }

  for (const fault of SERVER_FAULTS) {
    it(`B-MET-3 B-MET-10 one that ${fault.what}: a condition, nothing changes, others go on, and it recovers by itself`, async () => {
      for (const { front } of struck()) await fault.strike(front);
      await Promise.all([otherPolicyGoesOn(), ...struck().map((one) => complains(one, fault))]);
      await Promise.all(struck().map(({ front }) => heal(front)));
      await Promise.all(
        struck().map(async (one) => {
          await recovered(one.policy);
          await standsAsItWas(one.workload);
        }),
      );
    });
  }

  it('B-OBS-2 what ceased to work, and that it works again, are Events of the policy', async () => {
    const about = { kind: 'OptimizationPolicy', namespace: 'struck', name: 'prometheus' };
    const told = await waitFor('both events', async () => {
      const events = await eventsOf(installation().cluster, about);
      const reasons = events.map(({ type, reason }) => `${type} ${reason}`);
      const wanted = ['Warning ProviderUnreachable', 'Normal MetricsAvailable'];
      return wanted.every((one) => reasons.includes(one)) ? events : undefined;
    });
    for (const { source } of told) expect(source).to.deep.equal({ component: 'optipod' });
  });

  it('B-MET-3 one that never answers holds up no policy of another server', async () => {
    const [prometheus, custom] = struck();
    prometheus.front.behave(() => 'hang');
    const asked = custom.front.requests;
    await objects().condition(prometheus.policy, 'MetricsAvailable', 'ProviderUnreachable');
    await Promise.all([otherPolicyGoesOn(), recovered(custom.policy)]);
    // At the pace of its interval.
    expect(custom.front.requests).to.be.above(asked);
    await objects().patch(custom.policy, { spec: { metricsConfig: { safetyFactor: 1.5 } } });
    await objects().saying('Deployment/told/web', 'anew', (said) => said['recommendation.app.cpu-request'] === '300m');
    await objects().patch(custom.policy, { spec: { metricsConfig: { safetyFactor: 1.2 } } });
    await objects().saying(
      'Deployment/told/web',
      'as before',
      (said) => said['recommendation.app.cpu-request'] === '240m',
    );
  });

  it('B-MET-3 one that is slow, or away for a moment, is asked again, and no policy notices', async () => {
    let requests = 0;
    const hesitant = (): Behaviour => {
      requests += 1;
      return requests <= 2 ? { status: 503, body: 'upstream is restarting' } : { afterMs: 500 };
    };
    for (const { front } of struck()) {
      requests = 0;
      front.behave(hesitant);
      await waitFor('an answer', () => (requests > 3 ? true : undefined));
    }
    for (const { policy: name } of struck()) {
      await objects().evaluate(name);
      await recovered(name);
    }
  });

  describe('whose answers are not as they should be', () => {
    const names = [...FAULTY_ANSWERS.map(({ namespace: name }) => name), 'counter-reset'];
    let faulty: Awaited<ReturnType<typeof allSeen>>;
    const policyIn = (name: string): Name => `OptimizationPolicy/${name}/policy`;
    const workloadsIn = (name: string) => (name === 'counter-reset' ? ['web'] : ['web', 'other']);

    before(async () => {
      await objects().create(
        ...names.flatMap((name) => [
          namespace(name),
          ...workloadsIn(name).map((workload) => deployment(name, workload, SMALL)),
          policy(name, 'policy'),
        ]),
      );
      for (const name of names) await objects().condition(policyIn(name), 'MetricsAvailable', 'MetricsAvailable');
      for (const [name, sight] of await allSeen()) isRight(name, sight);
      faulty = await answering((answer) => withFaults(answer, FAULTY_ANSWERS));
    });
    after(async () => {
      for (const name of names) await objects().remove(policyIn(name));
    });

    /** What a policy has to tell, and its workloads. */
    async function seen(name: string) {
      const { conditions = [], workloadsProcessed } = await objects().status(policyIn(name));
      const available = conditions.find(({ type }) => type === 'MetricsAvailable')?.status;
      const recommended = await Promise.all(workloadsIn(name).map((one) => recommendedFor(`${name}/${one}`)));
      const said = await Promise.all(workloadsIn(name).map((one) => objects().said(`Deployment/${name}/${one}`)));
      return { available, workloadsProcessed, recommended, said };
    }

    function isRight(name: string, { said, ...rest }: Awaited<ReturnType<typeof seen>>): void {
      const workloads = workloadsIn(name);
      const recommended = workloads.map(() => RECOMMENDED);
      expect(rest, name).to.deep.equal({ available: 'True', workloadsProcessed: workloads.length, recommended });
      for (const one of said) expect(one, name).to.include(SAID);
    }

    /** Has answers be like this for some readings, and all policies evaluated after those. */
    async function answering(instead: (answer: string) => string): ReturnType<typeof allSeen> {
      let answers = 0;
      installation().front.behave(() => ({ instead: (answer) => ((answers += 1), instead(answer)) }));
      // A reading of what is new is at most four queries.
      await waitFor('some readings', () => (answers >= 12 ? true : undefined), { timeoutMs: 40_000, everyMs: 50 });
      return allSeen();
    }

    async function allSeen(): Promise<ReadonlyMap<string, Awaited<ReturnType<typeof seen>>>> {
      const look = async (name: string) => {
        await objects().evaluate(policyIn(name));
        return [name, await seen(name)] as const;
      };
      return new Map(await Promise.all(names.map(look)));
    }

    const wasRight = (name: string) => {
      const sight = faulty.get(name);
      if (!sight) throw new Error(`nobody looked at ${name}`);
      isRight(name, sight);
    };

    for (const { namespace: name, what } of FAULTY_ANSWERS) {
      it(`B-MET-10 ${what}: no recommendation is another`, () => wasRight(name));
    }

    it('B-MET-2 a counter that begins anew: no recommendation is another', () => wasRight('counter-reset'));

    it('B-MET-10 nothing of anybody, after something, and then all of it again: no recommendation is another', async () => {
      for (const instead of [withNothing, (answer: string) => answer]) {
        for (const [name, sight] of await answering(instead)) isRight(name, sight);
      }
    });
  });
}
