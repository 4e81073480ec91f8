import { isNotFound } from '@optipod/operator/runtime';
import { Deployment, PodKind, type Pod, type WorkloadObject } from 'optipod/kube';
import { OptimizationPolicy, ownAnnotations, readInjection, WorkloadRecommendation } from 'optipod/lib/api';
import { isSame } from 'optipod/lib/apply';
import { nameOf, OWN, TIERS, type Fleet, type Name } from './fleet.js';

/** What is not as a workload's policy says. */
export interface Difference {
  /** `<namespace>/<name>`. */
  readonly workload: string;
  readonly what: string;
  /** Why, as its WorkloadRecommendation tells: the reason of its condition Applied. */
  readonly told?: string | undefined;
}

/** A recommendation that is nearer than this to what there is already is not made (`minChange`). */
const MIN_CHANGE = 0.05;

/** What is not as policies say, of all workloads; empty where all is well. */
export async function differences(fleet: Fleet): Promise<Difference[]> {
  const all = await Promise.all(fleet.usage.map((_, index) => differenceOf(index, fleet)));
  return all.filter((difference) => difference !== undefined);
}

async function differenceOf(index: number, fleet: Fleet): Promise<Difference | undefined> {
  const { client } = fleet.world;
  const ref = nameOf(index);
  const object = await found(client.get(Deployment, ref));
  const report = await found(client.get(WorkloadRecommendation, { ...ref, name: `deployment-${ref.name}` }));
  const what = await wrongIn(object, report !== undefined, index, fleet);
  if (what === undefined) return undefined;
  const applied = report?.status?.conditions?.find(({ type }) => type === 'Applied');
  const told = applied?.status === 'False' ? applied.reason : undefined;
  return { workload: `${ref.namespace}/${ref.name}`, what, told };
}

async function wrongIn(
  object: WorkloadObject | undefined,
  isReported: boolean,
  index: number,
  fleet: Fleet,
): Promise<string | undefined> {
  if (!object) return isReported ? 'it is gone, its WorkloadRecommendation is not' : undefined;
  const { namespace, name } = nameOf(index);
  const { labels = {}, annotations = {} } = object.metadata;
  const [container] = object.spec.template.spec.containers;
  if (!isSame(String(container?.resources?.requests?.cpu), OWN.cpu)) return 'its template was changed';
  const tier = TIERS.find((one) => one === labels.tier);
  const policy =
    tier === undefined || annotations['optipod.io/ignore'] === 'true'
      ? undefined
      : await fleet.world.client.get(OptimizationPolicy, { namespace, name: tier });
  const isSaid = Object.keys(ownAnnotations(annotations)).length > 0;
  if (!policy || policy.spec.mode === 'Disabled') {
    return isSaid ? 'no policy is about it, and its annotations are there' : undefined;
  }
  if (!isSaid || !isReported) return 'nothing is recommended';
  const injection = readInjection(annotations);
  if (policy.spec.mode === 'Recommend') return injection ? 'it is injected into' : undefined;
  if (injection?.policyUid !== policy.metadata.uid) return 'it is not injected into by its policy';
  const requests = injection.containers.get('app')?.requests;
  // More is recommended at once, less only when the window has passed.
  const enough = (fleet.usage[index]?.cpu ?? 0) * policy.spec.metricsConfig.safetyFactor * (1 - MIN_CHANGE);
  if (coresOf(requests?.cpu) < enough - 0.002)
    return `${String(requests?.cpu)} is said, and ${enough.toFixed(3)} wanted`;
  return wrongPods(await podsOf({ namespace, name }, fleet), object, requests);
}

function wrongPods(
  pods: readonly Pod[],
  { spec }: WorkloadObject,
  requests: Readonly<Record<string, string | number>> | undefined,
): string | undefined {
  if (pods.length !== spec.replicas) return `it has ${String(pods.length)} of ${String(spec.replicas)} pods`;
  for (const pod of pods) {
    const has = pod.spec.containers[0]?.resources?.requests;
    for (const resource of ['cpu', 'memory']) {
      if (isSame(String(has?.[resource]), String(requests?.[resource]))) continue;
      return `${pod.metadata.name} has ${String(has?.[resource])} of ${resource}, not ${String(requests?.[resource])}`;
    }
  }
  return undefined;
}

async function podsOf({ namespace, name }: Name, { world }: Fleet): Promise<readonly Pod[]> {
  const { items } = await world.client.list(PodKind, { namespace, labelSelector: `app=${name}` });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** `240m`, `2`: as OptiPod writes it. */
function coresOf(quantity: string | number | undefined): number {
  const text = String(quantity ?? 0);
  return text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

async function found<T>(request: Promise<T>): Promise<T | undefined> {
  return request.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
