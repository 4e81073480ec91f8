import { readInjection, type ContainerResources } from 'optipod/lib/api';
import { courseOf, podsBack } from 'optipod/lib/apply';
import { suspensionAt, wordingOf } from 'optipod/lib/recommend';
import { isAskedIn } from '../../policies/conditions.js';
import type { ReconcileContext } from '../../runtime/index.js';
import { parseWorkloadKey, type Workload } from '../../workloads/workload.js';
import { hasGoneBack } from '../rollback/gone-back.js';
import type { PodResourcesContext } from './context.js';
import type { PodsTask } from './task.js';

/**
 * What is to be done about the pods of one workload.
 * @returns undefined where running pods are none of OptiPod's business, or it has nothing for them
 */
export function taskOf(
  key: string,
  context: PodResourcesContext,
  { signal, log }: ReconcileContext,
): PodsTask | undefined {
  const { cluster, installation, memories, now } = context;
  const workload = cluster.workload(parseWorkloadKey(key));
  const policy = workload && cluster.governor(workload);
  if (!policy) return undefined;
  const course = courseOf(policy.spec, installation);
  const { annotations } = workload.metadata;
  const injection = course.annotations === 'injection' ? readInjection(annotations) : undefined;
  if (injection?.policyUid !== policy.metadata.uid) return undefined;
  const { namespace } = workload.metadata;
  // New pods get nothing there.
  if (!isAskedIn(namespace, cluster)) return undefined;
  const [limitRanges, quotas] = [context.limitRanges.list(namespace), context.quotas.list(namespace)];
  const applying = context.applyingOf(workload);
  const suspension = suspensionAt(applying, workload, now() / 1000);
  const { updateRequestsOnly } = policy.spec.updateStrategy;
  const back = podsBack({ workload, applying, suspension, updateRequestsOnly, limitRanges });
  if (back && !hasGoneBack(workload, policy, back.said)) return undefined;
  const { wanted, without } = back ?? { wanted: ofTemplate(injection.containers, workload), without: new Map() };
  if (wanted.size === 0 && without.size === 0) return undefined;
  const memory = memories.of(
    key,
    {
      uid: workload.metadata.uid,
      // To go back is one change, whatever becomes of the template meanwhile: its rollout needs no restart besides.
      said: JSON.stringify([policy.metadata.uid, ...(back ? [suspension?.since, ...back.said] : wanted)]),
      toldSince: Date.parse(applying?.injectedSince ?? ''),
      restartedAt: Date.parse(workload.restartedAt ?? ''),
    },
    now(),
  );
  const tell: PodsTask['tell'] = (type, eventReason, message) => {
    const news = `${eventReason} ${wordingOf(message)}`;
    if (memory.told.has(news)) return;
    memory.told.add(news);
    context.event(workload, { type, reason: eventReason, message });
  };
  return { key, workload, policy, course, wanted, without, limitRanges, quotas, memory, signal, log, tell };
}

/** Containers that somebody injects into pods are his, whatever annotations say. */
function ofTemplate(containers: ContainerResources, { pod }: Workload): ContainerResources {
  const names = new Set([...pod.containers, ...(pod.initContainers ?? [])].map(({ name }) => name));
  return new Map([...containers].filter(([name]) => names.has(name)));
}
