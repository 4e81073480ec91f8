import type { ResourceRequirements } from '../../lib/kube/index.js';
import type { FileSource } from './files.js';

/** core/v1 Toleration. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  readonly tolerationSeconds?: number;
}

/** core/v1 Affinity; its parts are passed on as they are. */
export interface Affinity {
  readonly nodeAffinity?: object;
  readonly podAffinity?: object;
  readonly podAntiAffinity?: object;
}

/** How an operator's pods are run, whatever runs in them. */
export interface PodProps {
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /**
   * Names of Secrets in the operator's namespace by which its image is pulled.
   * @default - none
   */
  readonly imagePullSecrets?: readonly string[];
  /** @default - any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly tolerations?: readonly Toleration[];
  /** @default - none; pods of one Deployment are spread over nodes in any case */
  readonly affinity?: Affinity;
  /** @default - the cluster's default */
  readonly priorityClassName?: string;
  /** @default - none */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /**
   * Besides the operator's own, which keep their values.
   * @default - none
   */
  readonly podLabels?: Readonly<Record<string, string>>;
}

/** Settings that reach a process as a file, and the variable that says where it is. */
export interface SettingsFile {
  readonly variable: string;
  /** An object of scalars, by the names of the settings. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** How one of an operator's two processes is run. */
export interface ProcessProps {
  /** @default - what the image starts by itself */
  readonly command?: readonly string[];
  /**
   * How many pods there are: of the controllers' one leads, of admission all serve. From two on, a PodDisruptionBudget keeps
   * one of them up.
   * @default 2
   */
  readonly replicas?: number;
  /**
   * How long a pod may take to end. Of admission it must be longer than its setting `drain` and the half minute that the rest of
   * an orderly stop may take.
   * @default 40: enough with the default `drain` of 5 seconds
   */
  readonly terminationGracePeriodSeconds?: number;
  /**
   * Whether an update starts a pod before an old one ends, or `Recreate`: afterwards, where there must never be two.
   * @default 'RollingUpdate'
   */
  readonly strategy?: 'RollingUpdate' | 'Recreate';
  /** @default - requests of 50m CPU and 128Mi memory, no limits */
  readonly resources?: ResourceRequirements;
  /**
   * Environment variables.
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * A change of it rolls the pods out anew.
   * @default - none
   */
  readonly settings?: SettingsFile;
  /**
   * Files at `filePath(name)`, by name. They follow a change of their Secret or ConfigMap within minutes and without a new pod;
   * a pod does not start before all of them are there.
   * @default - none
   */
  readonly files?: Readonly<Record<string, FileSource>>;
}

/** The port of /healthz, /readyz and /metrics, which every process of the runtime serves. */
export const HEALTH_PORT = { name: 'health', number: 8080 };

/** The port of admission, HTTPS. */
export const ADMISSION_PORT = { name: 'https', number: 9443 };

/** One of an operator's processes: a Deployment of one container, and the service account it runs as. */
export interface Process {
  readonly name: string;
  /** The operator's name. */
  readonly operator: string;
  readonly component: string;
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly number: number }[];
  readonly props: ProcessProps;
}

/** The labels by which the pods of a process are found; they can never change, since selectors cannot. */
export function selectorOf({ name, operator }: Pick<Process, 'name' | 'operator'>): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': operator };
}

/** Of every object that belongs to a process. */
export function labelsOf(process: Pick<Process, 'name' | 'operator' | 'component'>): Record<string, string> {
  return { 'app.kubernetes.io/component': process.component, ...selectorOf(process) };
}
