import type { KubeObject } from '../kube/index.js';

/* Objects of autoscalers as they are on the wire, as far as it is read whether they hold a workload. */

/** Kind and name, and for some an API version, of what is scaled. */
export interface ScaleTargetRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name: string;
}

/** HorizontalPodAutoscaler, autoscaling/v2. */
export type HorizontalPodAutoscalerObject = KubeObject & {
  readonly spec: {
    readonly scaleTargetRef: ScaleTargetRef;
    readonly metrics?: readonly {
      readonly type: string;
      readonly resource?: HpaResource;
      readonly containerResource?: HpaResource & { readonly container: string };
    }[];
  };
};

export interface HpaResource {
  readonly name: string;
  readonly target: { readonly type: string };
}

/** ScaledObject, keda.sh/v1alpha1. */
export type ScaledObjectObject = KubeObject & {
  readonly spec: {
    readonly scaleTargetRef: ScaleTargetRef;
    readonly triggers?: readonly {
      readonly type: string;
      readonly metricType?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }[];
  };
};

/** VerticalPodAutoscaler, autoscaling.k8s.io/v1. */
export type VerticalPodAutoscalerObject = KubeObject & {
  readonly spec: {
    readonly targetRef?: ScaleTargetRef;
    readonly updatePolicy?: { readonly updateMode?: string };
    readonly resourcePolicy?: { readonly containerPolicies?: readonly VpaContainerPolicy[] };
  };
};

export interface VpaContainerPolicy {
  /** `*` for those that no other policy names. */
  readonly containerName?: string;
  readonly mode?: string;
  readonly controlledResources?: readonly string[];
}
