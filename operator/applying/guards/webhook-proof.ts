import type { Creatable, Pod, Readable, WorkloadObject } from 'optipod/kube';
import { carries, newbornPod } from 'optipod/lib/apply';
import { readInjection, type ContainerResources } from 'optipod/lib/api';
import type { WorkloadKind } from 'optipod/lib/policy';
import type { Cluster } from '../../cluster.js';
import { throughWebhook } from '../../policies/conditions.js';
import { messageOf } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';
import type { Workload } from '../../workloads/workload.js';
import type { Refusal } from './gate.js';

export interface WebhookProofSources {
  readonly cluster: Cluster;
  readonly webhookReady: () => boolean;
  /** The pods of a workload that are there to stay. */
  readonly podsOf: (workload: Workload) => readonly SeenPod[];
  readonly templates: Readonly<Record<WorkloadKind, Readable<WorkloadObject>>>;
  readonly newborns: Creatable<Pod>;
  /** How long after it was not seen it is asked again for the same workload. */
  readonly retryMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Whether the webhook gives new pods of a workload what its annotations say, just now. @returns undefined where it does */
export type WebhookProof = (workload: Workload) => Promise<Refusal | undefined>;

/** How long a newborn pod speaks for the next where kube-apiserver makes none as a dry run. */
const NEWBORN_MS = 30_000;

/** Why the webhook was not seen, for as long as it is not asked again. */
interface Unseen {
  readonly refusal: Refusal;
  readonly until: number;
}

/**
 * For each disruption anew, kube-apiserver is asked what would become of a pod: through every admission plug-in and webhook,
 * and stored nowhere. What was seen a while ago says nothing of a webhook that has stopped since, which its Service may be slow
 * to notice. Where kube-apiserver takes no pod (a quota is used up), one counts that was just born with what the annotations
 * say and its template does not.
 */
export function webhookProof(sources: WebhookProofSources): WebhookProof {
  const { cluster, webhookReady, podsOf, retryMs, now } = sources;
  const unseen = new Map<string, Unseen>();

  async function look(workload: Workload, pods: readonly SeenPod[]): Promise<string | undefined> {
    const said = readInjection(workload.metadata.annotations)?.containers ?? new Map();
    try {
      const newborn = await dryRun(workload, pods, sources);
      return carries(newborn.spec, said)
        ? undefined
        : 'a pod made of its template, as a dry run, did not get what its annotations say';
    } catch (error) {
      return wasBornWith(said, workload, pods, now())
        ? undefined
        : `a pod made of its template, as a dry run, was refused: ${messageOf(error)}`;
    }
  }

  return async (workload) => {
    const { uid, namespace } = workload.metadata;
    const { status, reason, message } = throughWebhook([namespace], cluster, webhookReady());
    if (status !== 'True') {
      // What it did before says nothing of what it does when it is back.
      unseen.delete(uid);
      return { reason, message, retryAfterMs: retryMs };
    }
    const pods = podsOf(workload);
    if (pods.length === 0) return undefined;
    const last = unseen.get(uid);
    // Pods change for many reasons, and each has their workload looked at.
    if (last && now() < last.until) return { ...last.refusal, retryAfterMs: last.until - now() };
    unseen.delete(uid);
    const problem = await look(workload, pods);
    if (problem === undefined) return undefined;
    const refusal: Refusal = {
      reason: 'WebhookNotSeen',
      message: `the webhook was not seen to mutate: ${problem}`,
      retryAfterMs: retryMs,
    };
    for (const [other, { until }] of unseen) if (until <= now()) unseen.delete(other);
    unseen.set(uid, { refusal, until: now() + retryMs });
    return refusal;
  };
}

function wasBornWith(said: ContainerResources, { pod }: Workload, pods: readonly SeenPod[], now: number): boolean {
  if (carries(pod, said)) return false;
  return pods.some(
    ({ metadata: { creationTimestamp, generation = 1 }, spec }) =>
      // One that was resized since may have been born with anything.
      generation === 1 && now - Date.parse(creationTimestamp) < NEWBORN_MS && carries(spec, said),
  );
}

async function dryRun(
  { kind, metadata: { namespace, name } }: Workload,
  pods: readonly SeenPod[],
  { templates, newborns }: WebhookProofSources,
): Promise<Pod> {
  const object = await templates[kind].read({ namespace, name });
  const owner = kind === 'Deployment' ? newest(pods) : { apiVersion: 'apps/v1', kind, name, uid: object.metadata.uid };
  if (!owner) throw new Error('no pod names the ReplicaSet that it is of');
  return newborns.create(newbornPod(object, owner), { dryRun: true });
}

/** The ReplicaSet of the youngest pod. */
function newest(pods: readonly SeenPod[]) {
  const [youngest] = [...pods].sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1));
  return youngest?.metadata.ownerReferences?.find(({ controller }) => controller === true);
}
