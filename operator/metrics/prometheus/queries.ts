/** How the series that tell of usage are called. */
export interface Names {
  readonly cpu: string;
  readonly memory: string;
  readonly periods: string;
  readonly throttledPeriods: string;
  readonly podOwner: string;
  readonly replicaSetOwner: string;
  readonly namespaceLabel: string;
  readonly podLabel: string;
  readonly containerLabel: string;
  /** What every series must have besides: `cluster="eu"`. */
  readonly matchers?: string | undefined;
}

/** The queries, in PromQL; all spans in seconds. */
export interface Queries {
  /** Cores, as rates over a window. */
  cpu(window: number): string;
  /** Bytes: the highest within each step, and nothing where there was no reading. */
  memory(step: number): string;
  /** The share of the CFS periods of a span in which a container was throttled. */
  throttled(span: number): string;
  /** Owners of pods and of ReplicaSets that were there within a span, told apart by their labels. */
  owners(span: number): string;
}

/** Beyond so many, all are asked for, and those that nobody wants are passed over: a query has its limits. */
const MOST_NAMESPACES = 100;

/**
 * Queries whose results are by namespace, pod and container. Several jobs may scrape the same kubelet, and a
 * container that restarted has two series for a while: the same reading twice is one reading, the higher one.
 *
 * A range selector sees what is within its range and nothing else, while an instant selector repeats a sample for five
 * minutes: by it, a target that is scraped every two minutes would seem to have twice the readings it has.
 */
export function queriesOf(names: Names, namespaces?: readonly string[]): Queries {
  const { cpu, memory, periods, throttledPeriods, namespaceLabel, podLabel, containerLabel } = names;
  const by = `max by (${namespaceLabel}, ${podLabel}, ${containerLabel})`;
  const selector = matchersOf([
    // Pause containers and the pod's own cgroup have no name, or POD.
    `${containerLabel}!=""`,
    `${containerLabel}!="POD"`,
    ...(namespaces && namespaces.length <= MOST_NAMESPACES ? [`${namespaceLabel}=~"${alternatives(namespaces)}"`] : []),
    names.matchers,
  ]);
  const rate = (counter: string, window: number) => `rate(${counter}${selector}[${range(window)}])`;
  return {
    cpu: (window) => `${by} (${rate(cpu, window)})`,
    memory: (step) => `${by} (max_over_time(${memory}${selector}[${openRange(step)}]))`,
    throttled: (span) => `${by} (${rate(throttledPeriods, span)} / ${rate(periods, span)})`,
    owners: (span) => {
      const controllers = matchersOf(['owner_is_controller="true"', names.matchers]);
      const of = (metric: string) =>
        `max by (${ownerLabels(names)}) (max_over_time(${metric}${controllers}[${range(span)}]))`;
      return `${of(names.podOwner)} or ${of(names.replicaSetOwner)}`;
    },
  };
}

/**
 * What kube-state-metrics tells of others has the labels `namespace` and `pod` unless the scrape put its own in their place;
 * Prometheus then keeps them as `exported_…`. Where all series have other labels, its have them, too.
 */
function ownerLabels({ namespaceLabel, podLabel }: Pick<Names, 'namespaceLabel' | 'podLabel'>): string {
  const usual = ['namespace', 'exported_namespace', 'pod', 'exported_pod', 'replicaset', 'owner_kind', 'owner_name'];
  return [...new Set([...usual, namespaceLabel, podLabel])].join(', ');
}

function matchersOf(matchers: readonly (string | undefined)[]): string {
  return `{${matchers.filter((one) => one !== undefined).join(',')}}`;
}

function range(seconds: number): string {
  return `${Math.round(seconds)}s`;
}

/** Before version 3, Prometheus counts both ends of a range: a sample that lies on both would count in two steps. */
function openRange(seconds: number): string {
  return `${Math.round(seconds * 1000) - 1}ms`;
}

/** For a PromQL string: namespaces are DNS labels, which need no escape; whatever else a policy may say must not get through. */
function alternatives(names: readonly string[]): string {
  return names.map((name) => name.replace(/[^a-zA-Z0-9-]/g, String.raw`\\$&`)).join('|');
}
