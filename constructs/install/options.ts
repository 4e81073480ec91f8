import type { ResourceRequirements } from '../../lib/kube/index.js';
import { NAMES } from '../../lib/optipod/index.js';
import { VERSION } from '../version.js';

/** What an installation of OptiPod can be told. */
export interface OptiPodProps {
  /**
   * The image of both processes.
   * @default 'ghcr.io/optipod/optipod' at the version of this package
   */
  readonly image?: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** @default 'optipod-system' */
  readonly namespace?: string;
  /**
   * Whether the namespace is among the manifests. One made elsewhere should enforce the Pod Security Standard `restricted`.
   * @default true
   */
  readonly createNamespace?: boolean;
  /**
   * Where Prometheus answers, as seen from the operator's pod.
   * @default 'http://prometheus-operated.monitoring.svc:9090'
   */
  readonly prometheusUrl?: string;
  /**
   * Further settings of the operator, by the name of the environment variable: `{ OPTIPOD_…: '…' }`.
   * @default - the operator's own defaults
   */
  readonly operatorSettings?: Readonly<Record<string, string>>;
  /**
   * How many webhook pods serve; from two on, a PodDisruptionBudget keeps one of them up.
   * @default 2
   */
  readonly webhookReplicas?: number;
  /** @default - requests of 100m CPU and 128Mi memory, no limits */
  readonly operatorResources?: ResourceRequirements;
  /** @default - requests of 50m CPU and 128Mi memory, no limits */
  readonly webhookResources?: ResourceRequirements;
}

/** An installation's options, complete. */
export type Installation = Required<OptiPodProps>;

/** Fills in the defaults; throws on what could not work. */
export function installation(props: OptiPodProps): Installation {
  const complete: Installation = {
    image: props.image ?? `ghcr.io/optipod/optipod:${VERSION}`,
    imagePullPolicy: props.imagePullPolicy ?? 'IfNotPresent',
    namespace: props.namespace ?? NAMES.namespace,
    createNamespace: props.createNamespace ?? true,
    // The Service that the Prometheus Operator makes, in the namespace its own manifests use.
    prometheusUrl: props.prometheusUrl ?? 'http://prometheus-operated.monitoring.svc:9090',
    operatorSettings: props.operatorSettings ?? {},
    webhookReplicas: props.webhookReplicas ?? 2,
    // Each is at 90 MiB before it has seen anything; no memory limit, since both grow with the cluster that they watch.
    operatorResources: props.operatorResources ?? { requests: { cpu: '100m', memory: '128Mi' } },
    webhookResources: props.webhookResources ?? { requests: { cpu: '50m', memory: '128Mi' } },
  };
  const problem = problemOf(complete);
  if (problem !== undefined) throw new Error(problem);
  return complete;
}

/** The environment variable of the option `prometheusUrl`. */
export const PROMETHEUS_URL = 'OPTIPOD_PROMETHEUS_URL';

function problemOf({ namespace, prometheusUrl, operatorSettings, webhookReplicas }: Installation): string | undefined {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))
    return `namespace: "${namespace}" is no namespace's name`;
  if (!URL.canParse(prometheusUrl) || !/^https?:$/.test(new URL(prometheusUrl).protocol)) {
    return `prometheusUrl: "${prometheusUrl}" is no http or https URL`;
  }
  if (!Number.isInteger(webhookReplicas) || webhookReplicas < 1)
    return 'webhookReplicas must be a whole number from 1 on';
  for (const name of Object.keys(operatorSettings)) {
    if (name === PROMETHEUS_URL) return `operatorSettings: ${PROMETHEUS_URL} is the option prometheusUrl`;
    if (!/^OPTIPOD_[A-Z0-9_]+$/.test(name)) {
      return `operatorSettings: "${name}" is no environment variable of the operator; they begin with OPTIPOD_`;
    }
  }
  return undefined;
}
