import type { LimitRange, ResourceQuota } from 'optipod/kube';
import type { ContainerResources } from 'optipod/lib/api';
import type { Course } from 'optipod/lib/apply';
import type { Logger } from 'pino';
import type { ValidPolicy } from '../../cluster.js';
import type { Workload } from '../../workloads/workload.js';
import type { WorkloadMemory } from './memory.js';

/** What is to be done about the pods of one workload. */
export interface PodsTask {
  /** `<kind>/<namespace>/<name>`. */
  readonly key: string;
  readonly workload: Workload;
  readonly policy: ValidPolicy;
  readonly course: Course;
  /** What new pods get, of the containers that the template has. */
  readonly wanted: ContainerResources;
  /** What pods are to have no more where new ones have no such amount at all: the workload went back to what it had. */
  readonly without: ContainerResources;
  readonly limitRanges: readonly LimitRange[];
  readonly quotas: readonly ResourceQuota[];
  readonly memory: WorkloadMemory;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Tells of the workload what somebody should look into, once for the same recommendation. */
  readonly tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

/** What came of a part of it. */
export interface PodsOutcome {
  /** What is to be said of it, where it is worth more than how far the pods are. */
  readonly reason?: string;
  readonly message?: string;
  /** When to look again at the latest, whatever happens: milliseconds from now. */
  readonly againMs?: number;
}
