import { expect } from 'chai';
import { prometheusAccess } from '../../../cli/backtest/access.js';
import { recordedTraces } from '../../../cli/backtest/prometheus.js';
import { metricsProviders } from '../../../operator/metrics/providers.js';
import { operatorSettings } from '../../../operator/settings.js';
import { startPrometheusWith, type Prometheus } from '../../support/prometheus.js';
import { recordingSink } from '../../support/recording-sink.js';

type Labels = Readonly<Record<string, string>>;

/** How an installation of Prometheus calls what kubelets and kube-state-metrics tell. */
interface Convention {
  readonly name: string;
  /** The labels of a container's usage, once for each job that scrapes it; metrics-of-resources do so as well in some. */
  readonly usage: (container: Labels) => readonly Labels[];
  /** The labels of what kube-state-metrics tells of a pod or a ReplicaSet. */
  readonly owner: (subject: Labels) => Labels;
  readonly metrics?: Readonly<Partial<Record<'cpu' | 'memory' | 'podOwner' | 'replicaSetOwner', string>>>;
  readonly prefix?: string;
  /** What has to be set for it. */
  readonly env?: Labels;
}

const renamed = (labels: Labels, names: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [names[key] ?? key, value]));

const CONVENTIONS: readonly Convention[] = [
  {
    name: 'kube-prometheus-stack, whose kube-state-metrics has its labels honoured',
    usage: (container) => {
      const scraped = {
        ...container,
        job: 'kubelet',
        endpoint: 'https-metrics',
        instance: '10.0.0.7:10250',
        node: 'a',
      };
      return [
        { ...scraped, metrics_path: '/metrics/cadvisor', id: '/kubepods/x', image: 'shop/web:1', name: 'abc' },
        { ...scraped, metrics_path: '/metrics/resource' },
      ];
    },
    owner: (subject) => ({
      ...{ container: 'kube-state-metrics', endpoint: 'http', instance: '10.1.0.9:8080', job: 'kube-state-metrics' },
      ...{ service: 'kube-prometheus-stack-kube-state-metrics', pod: 'ksm-0' },
      ...subject,
    }),
  },
  {
    name: 'Google’s managed Prometheus, which answers below a path and puts its own labels first',
    usage: (container) => [
      {
        ...container,
        cluster: 'eu',
        location: 'europe-west1',
        project_id: 'shop',
        job: 'cadvisor',
        instance: 'gke-1:cadvisor',
      },
    ],
    owner: (subject) => ({
      ...{ cluster: 'eu', location: 'europe-west1', project_id: 'shop', job: 'kube-state-metrics' },
      ...{ namespace: 'gke-managed-cim', pod: 'kube-state-metrics-0', container: 'ksm' },
      ...renamed(subject, { namespace: 'exported_namespace', pod: 'exported_pod' }),
    }),
    prefix: '/v1/projects/shop/location/global/prometheus',
  },
  {
    name: 'plain Prometheus with the jobs of its own example, which honours no labels',
    usage: (container) => [
      {
        ...container,
        job: 'kubernetes-cadvisor',
        instance: 'node-a',
        kubernetes_io_hostname: 'node-a',
        id: '/kubepods/x',
      },
    ],
    owner: (subject) => ({
      ...{ job: 'kubernetes-service-endpoints', instance: '10.1.0.9:8080', namespace: 'monitoring', service: 'ksm' },
      ...renamed(subject, { namespace: 'exported_namespace' }),
    }),
  },
  {
    name: 'labels and metrics that somebody renamed, among those of another cluster',
    usage: (container) => [
      {
        ...renamed(container, { namespace: 'k8s_namespace', pod: 'k8s_pod', container: 'k8s_container' }),
        cluster: 'eu',
        namespace: 'collectors',
        pod: 'collector-0',
      },
    ],
    owner: (subject) => ({
      cluster: 'eu',
      namespace: 'collectors',
      ...renamed(subject, { namespace: 'k8s_namespace', pod: 'k8s_pod' }),
    }),
    metrics: {
      cpu: 'eu:cpu_total',
      memory: 'eu:memory',
      podOwner: 'eu:pod_owner',
      replicaSetOwner: 'eu:replicaset_owner',
    },
    env: {
      OPTIPOD_PROMETHEUS_MATCHERS: 'cluster="eu"',
      OPTIPOD_PROMETHEUS_CPU_METRIC: 'eu:cpu_total',
      OPTIPOD_PROMETHEUS_MEMORY_METRIC: 'eu:memory',
      OPTIPOD_PROMETHEUS_POD_OWNER_METRIC: 'eu:pod_owner',
      OPTIPOD_PROMETHEUS_REPLICA_SET_OWNER_METRIC: 'eu:replicaset_owner',
      OPTIPOD_PROMETHEUS_NAMESPACE_LABEL: 'k8s_namespace',
      OPTIPOD_PROMETHEUS_POD_LABEL: 'k8s_pod',
      OPTIPOD_PROMETHEUS_CONTAINER_LABEL: 'k8s_container',
    },
  },
];

const HOUR = 3600;
const SPAN = 2 * HOUR;
const BYTES = 100 * 2 ** 20;

/** Two hours of a container that uses a fifth of a core, in a pod whose name does not tell whose it is, before an instant. */
function historyOf({ usage, owner, metrics = {} }: Convention, to: number): string {
  const { cpu = 'container_cpu_usage_seconds_total', memory = 'container_memory_working_set_bytes' } = metrics;
  const { podOwner = 'kube_pod_owner', replicaSetOwner = 'kube_replicaset_owner' } = metrics;
  const instants = Array.from({ length: SPAN / 15 + 1 }, (_, index) => to - SPAN + index * 15);
  const lines = (metric: string, labels: Labels, value: (at: number) => number) => {
    const pairs = Object.entries(labels).map(([key, content]) => `${key}="${content}"`);
    return instants.map((at) => `${metric}{${pairs.join(',')}} ${value(at)} ${at}\n`).join('');
  };
  const used = (factor: number, container: Labels, value: (at: number) => number, metric: string) =>
    usage(container).map((labels) => lines(metric, labels, (at) => value(at) * factor));
  const containers = [
    [1, { namespace: 'shop', pod: 'odd', container: 'app' }],
    // The pod's own cgroup.
    [7, { namespace: 'shop', pod: 'odd', container: '' }],
  ] as const;
  const controlled = (kind: string, name: string): Labels => ({
    owner_kind: kind,
    owner_name: name,
    owner_is_controller: 'true',
  });
  const owners = { replicaset: 'web-7d4b9c6f5d', ...controlled('Deployment', 'web') };
  return [
    `# TYPE ${cpu.replace(/_total$/, '')} counter\n`,
    ...containers.flatMap(([factor, of]) => used(factor, of, (at) => (at - to + SPAN) * 0.2, cpu)),
    `# TYPE ${memory} gauge\n`,
    ...containers.flatMap(([factor, of]) => used(factor, of, () => BYTES, memory)),
    `# TYPE ${podOwner} gauge\n`,
    lines(podOwner, owner({ namespace: 'shop', pod: 'odd', ...controlled('ReplicaSet', owners.replicaset) }), () => 1),
    `# TYPE ${replicaSetOwner} gauge\n`,
    lines(replicaSetOwner, owner({ namespace: 'shop', ...owners }), () => 1),
    '# EOF\n',
  ].join('');
}

for (const convention of CONVENTIONS) {
  describe(convention.name, function () {
    this.timeout(60_000);
    const { env = {}, prefix } = convention;
    const to = Math.floor(Date.now() / 60_000) * 60 - 600;
    let prometheus: Prometheus;

    before(async () => {
      prometheus = await startPrometheusWith([historyOf(convention, to)], prefix === undefined ? {} : { prefix });
    });
    after(() => prometheus.stop());

    it(`B-MET-2 is read by the operator ${convention.env ? 'as its settings say' : 'unchanged'}`, async () => {
      const settings = operatorSettings({ env: { ...env, OPTIPOD_PROMETHEUS_URL: prometheus.url }, argv: [] });
      const { prometheus: provider } = metricsProviders(settings, {
        list: () => Promise.reject(new Error('not asked')),
      });
      const sink = recordingSink();
      await provider?.read({ from: to - HOUR, to, peaksFrom: to - HOUR }, sink, new AbortController().signal);
      expect([...sink.series.keys()].sort()).to.deep.equal(['cpu shop/odd/app', 'memory shop/odd/app']);
      expect(sink.series.get('memory shop/odd/app')?.map(([, bytes]) => bytes)).to.deep.equal(Array(60).fill(BYTES));
      const cpu = sink.series.get('cpu shop/odd/app') ?? [];
      expect(cpu).to.have.length(60);
      for (const [, cores] of cpu) expect(cores).to.be.closeTo(0.2, 1e-9);
      expect(sink.owners.get('shop/odd')).to.equal('Deployment/web');
      expect(sink.peaks.get('shop/odd/app')).to.deep.equal([[to, BYTES]]);
    });

    it(`B-TRU-1 is replayed by optipod backtest ${convention.env ? 'as its settings say' : 'unchanged'}`, async () => {
      const access = prometheusAccess(prometheus.url, {}, { ...env });
      const progress = () => ({ at: () => undefined, end: () => undefined });
      const options = { namespaces: ['shop'], sinceMs: HOUR * 1000, now: (to + 60) * 1000, progress };
      const sources = await recordedTraces({ ...access, ...options });
      await access.endpoint.close();
      expect(sources.map(({ name }) => name)).to.deep.equal(['shop/Deployment/web/app']);
      const { samples } = (await sources[0]?.read()) ?? { samples: [] };
      expect(samples.filter(({ resource }) => resource === 'memory').map(({ value }) => value)).to.include(BYTES);
      for (const { resource, value } of samples) expect(value).to.be.closeTo(resource === 'cpu' ? 0.2 : BYTES, 1e-9);
    });
  });
}
