import type { HorizontalPodAutoscalerObject, ScaledObjectObject, VerticalPodAutoscalerObject } from '../apply/index.js';
import { kind, use } from '../kube/index.js';

export const HorizontalPodAutoscalerKind = kind<HorizontalPodAutoscalerObject>(
  'autoscaling',
  'v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);

export const ScaledObjectKind = kind<ScaledObjectObject>('keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects');

export const VerticalPodAutoscalerKind = kind<VerticalPodAutoscalerObject>(
  'autoscaling.k8s.io',
  'v1',
  'VerticalPodAutoscaler',
  'verticalpodautoscalers',
);

/** Whose hand is on a workload's requests, besides OptiPod's. */
export const autoscalerUses = {
  horizontalAutoscalers: use(HorizontalPodAutoscalerKind, ['watch']),
  scaledObjects: use(ScaledObjectKind, ['watch'], { optional: true, rarely: 'only where KEDA is installed' }),
  verticalAutoscalers: use(VerticalPodAutoscalerKind, ['watch'], {
    optional: true,
    rarely: 'only where the Vertical Pod Autoscaler is installed',
  }),
};
