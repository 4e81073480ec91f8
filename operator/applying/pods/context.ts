import type { LimitRange, ResourceQuota } from 'optipod/kube';
import type { ApplyingState, Installation } from 'optipod/lib/apply';
import type { Cluster, ValidPolicy } from '../../cluster.js';
import type { EventDraft, Informer } from '../../runtime/index.js';
import type { WorkloadPods } from '../../workloads/workload-pods.js';
import type { Workload } from '../../workloads/workload.js';
import type { Refusal } from '../guards/gate.js';
import type { PodsApplications } from './applications.js';
import type { EvictContext } from './evict.js';
import type { InPlaceContext } from './in-place.js';
import type { Memories } from './memory.js';
import type { RestartContext } from './restart.js';

/** What the controller of running pods works with. */
export interface PodResourcesContext extends InPlaceContext, EvictContext, RestartContext {
  readonly cluster: Cluster;
  readonly pods: Pick<WorkloadPods, 'of'>;
  readonly limitRanges: Pick<Informer<LimitRange>, 'list'>;
  readonly quotas: Pick<Informer<ResourceQuota>, 'list'>;
  readonly installation: Installation;
  /** Whether kube-apiserver has `pods/resize`. */
  readonly canResize: () => Promise<boolean>;
  readonly webhookReady: () => boolean;
  /** What keeps anything from being done about a workload's pods, those that are not replaced among it. */
  readonly stopped: (workload: Workload, policy: ValidPolicy) => Refusal | undefined;
  readonly memories: Memories;
  readonly applications: PodsApplications;
  /** What is remembered of applying something to a workload. */
  readonly applyingOf: (workload: Workload) => ApplyingState | undefined;
  /** Tells something of a workload. */
  readonly event: (workload: Workload, event: EventDraft) => void;
  /** Has a policy evaluated soon, which tells what came of it: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string) => void;
  /** How long a kubelet may be silent about a resize, or be at it. @default 120 000 */
  readonly followMs?: number;
}
