import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import type {
  ApplyingState,
  WorkloadRecommendation,
  WorkloadRecommendationSpec,
  WorkloadRecommendationStatus,
} from '../../imports/types/workload-recommendation.js';
import { nextConditions, type ObjectMeta, type OwnerReference } from '../kube/index.js';
import type { WorkloadKind } from '../policy/index.js';
import { ONLY_RECOMMENDED, reportConditions, type Application } from './report-conditions.js';
import { reportedContainers } from './report-containers.js';
import { recommendationName } from './recommendation-name.js';
import { formatInstant } from './span.js';
import { summaryOf } from './summary.js';
import type { WorkloadRecommendations } from './workload.js';

/** A WorkloadRecommendation as it is to be: what one write makes it. */
export interface WorkloadReport {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly ownerReferences: readonly OwnerReference[];
  };
  readonly spec: WorkloadRecommendationSpec;
  readonly status: WorkloadRecommendationStatus;
}

export interface ReportInput {
  /** The policy that governs the workload. */
  readonly policy: Pick<OptimizationPolicy, 'metadata' | 'spec'>;
  readonly workload: {
    readonly kind: WorkloadKind;
    readonly metadata: Pick<ObjectMeta, 'name' | 'uid'> & { readonly namespace: string };
  };
  readonly result: WorkloadRecommendations;
  /** What becomes of it; by a policy in another mode than Auto nothing is applied. */
  readonly application: Application;
  /** What was last told. */
  readonly before?: Pick<WorkloadRecommendation, 'status'> | undefined;
  /** What is to be remembered of applying. */
  readonly applying?: ApplyingState | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

/** What is told of one workload: what is recommended, every step that led there, and what becomes of it. */
export function reportOf(input: ReportInput): WorkloadReport {
  const { policy, workload, result, before, applying, now } = input;
  const onlyRecommends = policy.spec.mode !== 'Auto' && input.application.applied;
  const application = onlyRecommends ? ONLY_RECOMMENDED : input.application;
  const { kind, metadata } = workload;
  const { containers } = result;
  const lastApplied = later(
    before?.status?.lastApplied,
    application.at === undefined ? undefined : formatInstant(application.at),
  );
  return {
    metadata: {
      name: recommendationName(kind, metadata.name),
      namespace: metadata.namespace,
      // kube-controller-manager deletes it with the workload, and nobody waits for that.
      ownerReferences: [
        { apiVersion: 'apps/v1', kind, name: metadata.name, uid: metadata.uid, blockOwnerDeletion: false },
      ],
    },
    spec: {
      workload: { kind, name: metadata.name, uid: metadata.uid },
      policy: {
        namespace: policy.metadata.namespace ?? '',
        name: policy.metadata.name,
        uid: policy.metadata.uid,
      },
    },
    status: {
      containers: reportedContainers(containers),
      summary: summaryOf({ kind, name: metadata.name }, containers, application),
      ...(applying && Object.keys(applying).length > 0 ? { applying } : {}),
      ...(lastApplied === undefined ? {} : { lastApplied }),
      conditions: nextConditions(
        before?.status?.conditions,
        reportConditions(containers, application),
        formatInstant(now),
      ),
    },
  };
}

/** Of two instants in RFC 3339, UTC: an operator that was just started may know less than was told. */
function later(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}
