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
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Whether the webhook gives new pods of a workload what its annotations say, just now. @returns undefined where it does */
export type WebhookProof = (workload: Workload) => Promise<Refusal | undefined>;

/** How long a newborn pod speaks for the next: a webhook that fails is noticed by its readiness within one. */
const NEWBORN_MS = 5 * 60_000;

/** When to look again: a webhook that comes back, or a label, changes nothing of the workload. */
const RETRY_MS = 60_000;

/**
 * Either a pod was born lately that has what the annotations say and its template does not, or kube-apiserver is asked what
 * would become of one: through every admission plug-in and webhook, and stored nowhere.
 */
export function webhookProof(sources: WebhookProofSources): WebhookProof {
  const { cluster, webhookReady, podsOf, now } = sources;
  return async (workload) => {
    const { status, reason, message } = throughWebhook([workload.metadata.namespace], cluster, webhookReady());
    if (status !== 'True') return { reason, message, retryAfterMs: RETRY_MS };
    const said = readInjection(workload.metadata.annotations)?.containers ?? new Map();
    const pods = podsOf(workload);
    if (pods.length === 0 || wasBornWith(said, workload, pods, now())) return undefined;
    try {
      const newborn = await dryRun(workload, pods, sources);
      if (carries(newborn.spec, said)) return undefined;
      return unseen('a pod made of its template, as a dry run, did not get what its annotations say');
    } catch (error) {
      return unseen(`a pod made of its template, as a dry run, was refused: ${messageOf(error)}`);
    }
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

function unseen(message: string): Refusal {
  return {
    reason: 'WebhookNotSeen',
    message: `the webhook was not seen to mutate: ${message}`,
    retryAfterMs: RETRY_MS,
  };
}
