import { kind, type KubeObject } from '../kube/index.js';

/** What metrics-server says of a pod: metrics.k8s.io/v1beta1. */
export type PodMetrics = KubeObject & {
  /** When the usage was read; RFC 3339. */
  readonly timestamp: string;
  readonly containers: readonly {
    readonly name: string;
    /** Quantities: cores, and the working set in bytes. */
    readonly usage: { readonly cpu?: string; readonly memory?: string };
  }[];
};

export const PodMetricsKind = kind<PodMetrics>('metrics.k8s.io', 'v1beta1', 'PodMetrics', 'pods');
