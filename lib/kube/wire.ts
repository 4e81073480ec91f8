import type { LabelSelectorRequirement } from './label-selector.js';

/** Kubernetes objects as they are on the wire: raw JSON, dates are strings, and what may be missing is optional. */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** Which fields of an object a manager said last. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  /** Apply is server-side apply, Update everything else. */
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  /** A tree: `f:<field>`, `k:<keys of a list's item as JSON>`, `v:<value>`, and `.` for the thing itself. */
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
  readonly subresource?: string;
}

/** Any object the API serves. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface ResourceRequirements {
  readonly requests?: Readonly<Record<string, string | number>>;
  readonly limits?: Readonly<Record<string, string | number>>;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly resources?: ResourceRequirements;
  /** `Always` makes an init container a sidecar. */
  readonly restartPolicy?: string;
  /** What a resize in place takes; nothing said of a resource is `NotRequired`. */
  readonly resizePolicy?: readonly { readonly resourceName: string; readonly restartPolicy: string }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  /** Pod-level resources. */
  readonly resources?: ResourceRequirements;
  readonly priorityClassName?: string;
  /** Of a pod that is scheduled. */
  readonly nodeName?: string;
  /** Where it says so: linux or windows. */
  readonly os?: { readonly name: string };
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

/** What the kubelet says of a pod. */
export interface PodStatus {
  /** Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase?: string;
  /** The generation that the status is about. */
  readonly observedGeneration?: number;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string | null;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly reason?: string; readonly finishedAt?: string };
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
  /** What it has now: after a resize in place the spec may be ahead. */
  readonly resources?: ResourceRequirements;
  /** The requests that the node has set aside for it. */
  readonly allocatedResources?: Readonly<Record<string, string | number>>;
}

/** A Deployment, StatefulSet or DaemonSet, as far as right-sizing reads it. */
export interface WorkloadObject extends KubeObject {
  readonly spec: {
    readonly template: { readonly metadata?: Pick<ObjectMeta, 'labels' | 'annotations'>; readonly spec: PodSpec };
    /** Of a Deployment and a StatefulSet. */
    readonly replicas?: number;
    /** Of a Deployment. */
    readonly paused?: boolean;
    /** Of a Deployment. */
    readonly strategy?: { readonly type?: string };
    /** Of a StatefulSet: claims that its pods have volumes for. */
    readonly volumeClaimTemplates?: readonly { readonly metadata: Pick<ObjectMeta, 'name'> }[];
    /** Of a StatefulSet and a DaemonSet. */
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    /** Of a Deployment and a StatefulSet, with those below. */
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly readyReplicas?: number;
    /** Of a StatefulSet: the revision that its pods have, and the one they are to have. */
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    /** Of a DaemonSet: on how many nodes it should run, with those below. */
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
    /** Of a Deployment: `Progressing` says whether a rollout failed. */
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** A LimitRange, as far as it restricts pods. */
export interface LimitRange extends KubeObject {
  readonly spec: {
    /** null where there are none. */
    readonly limits:
      | readonly {
          readonly type: string;
          readonly min?: Readonly<Record<string, string | number>>;
          readonly max?: Readonly<Record<string, string | number>>;
          /** Limits for a container that has none. */
          readonly default?: Readonly<Record<string, string | number>>;
          /** Requests for a container that has none. */
          readonly defaultRequest?: Readonly<Record<string, string | number>>;
          readonly maxLimitRequestRatio?: Readonly<Record<string, string | number>>;
        }[]
      | null;
  };
}

/** A ResourceQuota, with what of it is used. */
export interface ResourceQuota extends KubeObject {
  readonly spec?: {
    readonly scopes?: readonly string[];
    readonly scopeSelector?: {
      readonly matchExpressions?: readonly {
        readonly scopeName: string;
        readonly operator: LabelSelectorRequirement['operator'];
        readonly values?: readonly string[];
      }[];
    };
  };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string | number>>;
    readonly used?: Readonly<Record<string, string | number>>;
  };
}

/** Times are metav1.MicroTime. */
export interface LeaseSpec {
  /** Absent, or in a patch null, where nobody holds it. */
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** coordination.k8s.io/v1 Lease. */
export interface LeaseObject extends KubeObject {
  readonly spec?: LeaseSpec;
}

/** Which object is meant, in an Event. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** An Event of the core group. Times are metav1.Time, in whole seconds. */
export interface EventObject extends KubeObject {
  readonly involvedObject: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
}

/** metav1.Status: what kube-apiserver answers when it refuses. */
export interface Status {
  readonly kind: 'Status';
  readonly status?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}
