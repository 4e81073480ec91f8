import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { Pod } from 'optipod/kube';
import { WorkloadRecommendation } from 'optipod/lib/api';
import { differences } from './differences.js';
import { ownAnnotations } from './outside.js';
import { treeAt } from '../documents/tree.js';
import { podRequests, type Fleet, type Sight } from './fleet.js';
import type { Installation } from './installation.js';
import type { FakeNode } from './nodes.js';

export interface Stage {
  readonly installation: Installation;
  readonly fleet: Fleet;
  readonly node: FakeNode;
}

/**
 * One change of usage, all the way to the pods. The tools are content before it comes, while OptiPod writes and the kubelets have not
 * followed, and after it; they sync once more then, and nothing has changed but what is OptiPod's.
 * @returns what is recommended for CPU
 */
export async function round({ installation, fleet, node }: Stage, number: number): Promise<string> {
  const [others, before] = [await fleet.outside(), await fleet.look()];
  await fleet.content();
  node.hold();
  const recommended = use(installation, number);
  await fleet.contentUntil('the recommendation', (sight) => isTold(installation, sight, recommended));
  await fleet.until('the write to be under way', (sight) => isUnderWay(sight, before));
  await fleet.content();
  node.release();
  await fleet.until('pods to have it', (sight) => isDone(sight, recommended));
  await fleet.content();
  const annotations = await fleet.annotations();
  await fleet.sync();
  expect(differences(others, await fleet.outside()), "all but OptiPod's own").to.deep.equal([]);
  expect(withoutInstant(await fleet.annotations()), 'after syncs').to.deep.equal(withoutInstant(annotations));
  await fleet.until('nothing to be undone', (sight) => isDone(sight, recommended));
  return recommended;
}

/** The first recommendation, from which rounds begin: before it all is on its way to what it is to be. */
export async function begin({ installation, fleet }: Omit<Stage, 'node'>, recommended: string): Promise<void> {
  await fleet.until('the first recommendation', (sight) => isTold(installation, sight, recommended));
  await fleet.until('pods to have it', (sight) => isDone(sight, recommended));
}

/** When something was applied is said some time after it was. */
function withoutInstant(annotations: readonly Record<string, string>[]): readonly object[] {
  return annotations.map(({ 'last-applied': _, ...others }) => others);
}

/** Up and down for CPU. @returns what is recommended for it: 1.2 times as much */
export function use(installation: Installation, round: number): string {
  const millicores = 150 + 50 * ((round * 3) % 7);
  installation.use(millicores, 100 + 20 * round);
  return `${millicores * 1.2}m`;
}

/** Whether people are told of it, and the workload says it. */
async function isTold({ world }: Installation, { namespace, workloads }: Sight, cpu: string): Promise<boolean> {
  const { items } = await world.client.list(WorkloadRecommendation, { namespace });
  return (
    items.length === workloads.length &&
    items.every(({ status }) => status?.summary?.cpu?.endsWith(cpu)) &&
    workloads.map(ownAnnotations).every((said) => said['recommendation.app.cpu-request'] === cpu)
  );
}

/**
 * Whether OptiPod has written what it is to write, of which nothing has come yet. An evaluation that was under way knows of a new
 * peak and not of new percentiles: what it finds may come first, and the other waits for it.
 */
function isUnderWay({ way, namespace, pods, workloads }: Sight, before: readonly Sight[]): boolean {
  const then = before.find((one) => one.namespace === namespace)?.workloads ?? [];
  const isOther = (path: string) =>
    workloads.every(({ spec }, index) => !isDeepStrictEqual(treeAt(spec, path), treeAt(then[index]?.spec, path)));
  if (way.template === 'requests') return isOther('template.spec.containers.0.resources.requests');
  if (way.template === 'restart') return isOther('template.metadata.annotations');
  if (way.pods === 'resized') return pods.every((pod) => !isDeepStrictEqual(podRequests(pod), requestsInEffect(pod)));
  const leaving = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return way.pods === 'left alone' || leaving.length === workloads.length;
}

/** Whether the pods are as they are to be, and there to stay. */
function isDone(sight: Sight, cpu: string): boolean {
  const { way, pods, workloads } = sight;
  const isHere =
    pods.length === workloads.length &&
    pods.every(({ metadata, status }) => {
      const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
      return metadata.deletionTimestamp === undefined && isReady === true;
    });
  if (!isHere || way.pods === 'left alone') return isHere;
  // A decrease of memory comes apart from the rest.
  const memories = workloads.map((workload) => ownAnnotations(workload)['recommendation.app.memory-request']);
  return pods.every((pod) =>
    [podRequests(pod), requestsInEffect(pod)].every(
      (has) => has?.cpu === cpu && memories.every((memory) => has.memory === memory),
    ),
  );
}

function requestsInEffect({ status }: Pod) {
  return status?.containerStatuses?.[0]?.resources?.requests;
}
