/** A pod of a Deployment, as its series name it. */
export interface FleetPod {
  readonly namespace: string;
  readonly pod: string;
  readonly replicaSet: string;
  readonly deployment: string;
}

export interface PastOptions {
  /** Seconds since 1970: it is known up to then, and not beyond. */
  readonly to: number;
  readonly minutes: number;
}

/** kube-state-metrics is asked less often than kubelets. */
const OWNER_MINUTES = 5;

/** Usage of pods at a minute's interval, whose the pods are, and their label `app`: OpenMetrics text in pieces. The same in every run. */
export function* fleetHistory(pods: readonly FleetPod[], { to, minutes }: PastOptions): Generator<string> {
  const from = to - minutes * 60;
  const instants = Array.from({ length: minutes + 1 }, (_, minute) => from + minute * 60);
  yield '# TYPE container_cpu_usage_seconds counter\n';
  for (const [index, { namespace, pod }] of pods.entries()) {
    const labels = `{namespace="${namespace}",pod="${pod}",container="app"}`;
    let total = 0;
    yield instants
      .map((at, minute) => `container_cpu_usage_seconds_total${labels} ${(total += noise(index, minute) * 60)} ${at}\n`)
      .join('');
  }
  yield '# TYPE container_memory_working_set_bytes gauge\n';
  for (const [index, { namespace, pod }] of pods.entries()) {
    const labels = `{namespace="${namespace}",pod="${pod}",container="app"}`;
    const bytes = (minute: number) => Math.round((1 + noise(index, minute)) * 1e8);
    yield instants.map((at, minute) => `container_memory_working_set_bytes${labels} ${bytes(minute)} ${at}\n`).join('');
  }
  const seldom = instants.filter((_, minute) => minute % OWNER_MINUTES === 0);
  yield '# TYPE kube_pod_owner gauge\n';
  for (const { namespace, pod, replicaSet } of pods) {
    const owner = `owner_kind="ReplicaSet",owner_name="${replicaSet}",owner_is_controller="true"`;
    yield seldom.map((at) => `kube_pod_owner{namespace="${namespace}",pod="${pod}",${owner}} 1 ${at}\n`).join('');
  }
  yield '# TYPE kube_replicaset_owner gauge\n';
  for (const [replicaSet, { namespace, deployment }] of new Map(pods.map((pod) => [pod.replicaSet, pod]))) {
    const owner = `owner_kind="Deployment",owner_name="${deployment}",owner_is_controller="true"`;
    const labels = `{namespace="${namespace}",replicaset="${replicaSet}",${owner}}`;
    yield seldom.map((at) => `kube_replicaset_owner${labels} 1 ${at}\n`).join('');
  }
  yield '# TYPE kube_pod_labels gauge\n';
  for (const { namespace, pod, deployment } of pods) {
    const labels = `{namespace="${namespace}",pod="${pod}",label_app="${deployment}"}`;
    yield seldom.map((at) => `kube_pod_labels${labels} 1 ${at}\n`).join('');
  }
  yield '# EOF\n';
}

/** Spread like random numbers from 0 to 1. */
function noise(pod: number, minute: number): number {
  return ((minute * 7919 + pod * 104_729) % 9973) / 9973;
}
