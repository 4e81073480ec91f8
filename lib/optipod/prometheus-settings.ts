import { parsers, type SettingsTable } from '../kube/index.js';

const { boolean, headers, matching, string, url } = parsers;

const metric = matching(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "a metric's name");
const label = matching(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "a label's name");

const MATCHER = String.raw`[a-zA-Z_][a-zA-Z0-9_]*(=|!=|=~|!~)"([^"\\]|\\.)*"`;
const matchers = matching(
  new RegExp(`^${MATCHER}(, *${MATCHER})*$`),
  'matchers of PromQL such as cluster="eu",job="kubelet"',
);

/** Where Prometheus answers. */
export const prometheusUrl = url({ credentials: 'prometheusUsername and prometheusPassword' });

/** How whoever asks Prometheus shows who they are, and whom they trust: the operator, and a backtest. */
export const PROMETHEUS_ACCESS_SETTINGS = {
  prometheusUsername: { parser: string, description: 'For basic authentication at Prometheus, with the password.' },
  prometheusPassword: { parser: string, secret: 'rotating', description: 'The password for it.' },
  prometheusToken: {
    parser: string,
    secret: 'rotating',
    description: 'A bearer token for Prometheus; a file is read again when it changes.',
  },
  prometheusHeaders: {
    parser: headers,
    description: 'Sent with every query, for what has tenants (Mimir, Thanos, Cortex). No place for secrets.',
  },
  prometheusCaFile: {
    parser: string,
    description: "Certificates that Prometheus' own is checked against. Default: those of public authorities.",
  },
  prometheusCertFile: { parser: string, description: 'A client certificate for Prometheus, with its key.' },
  prometheusKeyFile: { parser: string, description: 'The key of the client certificate.' },
  prometheusInsecureSkipVerify: {
    parser: boolean,
    default: 'false',
    description: "Whether Prometheus' certificate is taken unchecked: whoever is in between may then tell any usage.",
  },
} as const satisfies SettingsTable;

/** What the series of usage, and their labels, are called there. */
export const PROMETHEUS_NAME_SETTINGS = {
  prometheusMatchers: {
    parser: matchers,
    description: 'What every series asked for must have besides, where one Prometheus knows several clusters.',
  },
  prometheusCpuMetric: {
    parser: metric,
    default: 'container_cpu_usage_seconds_total',
    description: "The counter of a container's CPU seconds.",
  },
  prometheusMemoryMetric: {
    parser: metric,
    default: 'container_memory_working_set_bytes',
    description: "A container's working set in bytes.",
  },
  prometheusPeriodsMetric: {
    parser: metric,
    default: 'container_cpu_cfs_periods_total',
    description: "The counter of a container's CFS periods; need not be there.",
  },
  prometheusThrottledPeriodsMetric: {
    parser: metric,
    default: 'container_cpu_cfs_throttled_periods_total',
    description: 'The counter of those in which it was throttled; need not be there.',
  },
  prometheusPodOwnerMetric: {
    parser: metric,
    default: 'kube_pod_owner',
    description: 'Whose a pod is, by kube-state-metrics; need not be there.',
  },
  prometheusReplicaSetOwnerMetric: {
    parser: metric,
    default: 'kube_replicaset_owner',
    description: 'Whose a ReplicaSet is, by kube-state-metrics; need not be there.',
  },
  prometheusNamespaceLabel: {
    parser: label,
    default: 'namespace',
    description: 'The label of usage that names the namespace; exported_namespace where the scrape has one of its own.',
  },
  prometheusPodLabel: { parser: label, default: 'pod', description: 'The label that names the pod.' },
  prometheusContainerLabel: { parser: label, default: 'container', description: 'The label that names the container.' },
} as const satisfies SettingsTable;
