import {
  compareQuantities,
  parseQuantity,
  type OperatorDefinition,
  type ResourceRequirements,
} from '../../lib/kube/index.js';
import { labelKeyFlaws, labelValueFlaws, nameFlaws } from '../../lib/kube/validation/names.js';
import type { CertificateProps } from './certificate.js';
import type { FileSource } from './files.js';
import type { PodProps, ProcessProps } from './pods.js';
import type { ServiceMonitorProps } from './service-monitor.js';

/** What the installation of an operator can be told. */
export interface OperatorProps extends PodProps {
  /** @default - the image that the operator is defined with */
  readonly image?: string;
  /** @default - the operator's name */
  readonly namespace?: string;
  /**
   * Whether the namespace is among the manifests. One made elsewhere should enforce the Pod Security Standard `restricted`.
   * @default true
   */
  readonly createNamespace?: boolean;
  /** The process of the controllers; there only where controllers are defined. */
  readonly controllers?: ProcessProps;
  /** The process of the admission handlers; there only where handlers are defined, and then its command must be given. */
  readonly admission?: ProcessProps;
  /**
   * Who makes the certificate that admission is served with.
   * @default - the operator itself
   */
  readonly certificate?: CertificateProps;
  /**
   * Whether NetworkPolicies let in nothing but what the processes serve. What goes out stays open.
   * @default true
   */
  readonly networkPolicy?: boolean;
  /**
   * Whether there is a ServiceMonitor, for the Prometheus Operator.
   * @default false
   */
  readonly serviceMonitor?: boolean | ServiceMonitorProps;
  /**
   * The label `app.kubernetes.io/version` of everything.
   * @default - none
   */
  readonly version?: string;
}

/**
 * The options with the image that they or the definition say.
 * @throws Error naming the first option that could not work, its value, and what would be right.
 */
export function checkedOptions<P extends OperatorProps>(
  props: P,
  definition: OperatorDefinition,
): P & { readonly image: string } {
  const { image = definition.image } = props;
  if (!image) throw new Error(`image: ${definition.name} is defined with none; give the image that its pods run`);
  const problem = problems(props, definition).find((one) => one !== undefined);
  if (problem !== undefined) throw new Error(problem);
  return { ...props, image };
}

function problems(props: OperatorProps, definition: OperatorDefinition): (string | undefined)[] {
  const { namespace, controllers, admission, certificate, serviceMonitor } = props;
  return [
    namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)
      ? `namespace: "${namespace}" is no namespace's name; it must consist of up to 63 lower case letters, digits and '-'`
      : undefined,
    ...processProblems('controllers', controllers),
    ...processProblems('admission', admission),
    definition.admission.length > 0 && !admission?.command
      ? 'admission.command: there is none; give what the pods of the admission handlers run, since the image starts the controllers'
      : undefined,
    ...(props.imagePullSecrets ?? []).map((name) => nameProblem('imagePullSecrets', name)),
    nameProblem('priorityClassName', props.priorityClassName),
    ...labelProblems('podLabels', props.podLabels),
    ...labelProblems('nodeSelector', props.nodeSelector),
    ...Object.keys(props.podAnnotations ?? {}).map((key) => flawed(`podAnnotations: "${key}"`, labelKeyFlaws(key))),
    ...(certificate ? certificateProblems(certificate) : []),
    ...(typeof serviceMonitor === 'object' ? monitorProblems(serviceMonitor) : []),
  ];
}

function processProblems(
  option: string,
  { replicas = 1, resources, env = {}, files = {} }: ProcessProps = {},
): (string | undefined)[] {
  return [
    Number.isInteger(replicas) && replicas >= 1
      ? undefined
      : `${option}.replicas: ${String(replicas)} is no number of pods; it must be a whole number from 1 on`,
    ...(resources ? resourceProblems(`${option}.resources`, resources) : []),
    ...Object.keys(env).map((name) =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
        ? undefined
        : `${option}.env: "${name}" is no environment variable; it must consist of letters, digits and '_'`,
    ),
    ...Object.entries(files).flatMap(([name, source]) => fileProblems(`the file ${name}`, source)),
  ];
}

/** What kube-apiserver would say of the pods, or never find. */
function fileProblems(file: string, source: FileSource): (string | undefined)[] {
  const isKey = (text: string) => /^[-._A-Za-z0-9]{1,253}$/.test(text) && !/^\.\.?$/.test(text);
  return [
    'secret' in source
      ? nameProblem(`${file}, secret`, source.secret)
      : nameProblem(`${file}, configMap`, source.configMap),
    isKey(source.key)
      ? undefined
      : `${file}, key: "${source.key}" is no key; it must consist of letters, digits, '-', '_' and '.'`,
  ];
}

/** What kube-apiserver would say of the pods, and of the Deployment would not. */
function resourceProblems(
  option: string,
  { requests = {}, limits = {} }: ResourceRequirements,
): (string | undefined)[] {
  const amounts = { requests, limits };
  return Object.entries(amounts).flatMap(([list, given]) =>
    Object.entries(given).map(([resource, amount]) => {
      const where = `${option}.${list}.${resource}: ${JSON.stringify(amount)}`;
      const quantity = parseQuantity(amount);
      if (!quantity || quantity.nanos < 0n) return `${where} is no amount of a resource; 500m and 1Gi are`;
      const limit = list === 'requests' && limits[resource] !== undefined ? parseQuantity(limits[resource]) : undefined;
      return limit && compareQuantities(quantity, limit) > 0
        ? `${where} is above the limit ${String(limits[resource])}; a request must be no more than its limit`
        : undefined;
    }),
  );
}

function certificateProblems(certificate: CertificateProps): (string | undefined)[] {
  switch (certificate.mode) {
    case 'self':
      return [];
    case 'cert-manager':
      return [
        nameProblem('certificate.issuerRef.name', certificate.issuerRef?.name),
        durationProblem('certificate.duration', certificate.duration),
        durationProblem('certificate.renewBefore', certificate.renewBefore),
      ];
    case 'secret':
      return [
        nameProblem('certificate.secretName', certificate.secretName),
        /-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----/.test(certificate.caBundle)
          ? undefined
          : 'certificate.caBundle: there is no certificate in it; it must be PEM, "-----BEGIN CERTIFICATE-----" and so on',
      ];
    default:
      return [
        `certificate.mode: "${String((certificate as { mode: unknown }).mode)}" is none; it must be self, cert-manager or secret`,
      ];
  }
}

function monitorProblems({ interval, labels }: ServiceMonitorProps): (string | undefined)[] {
  return [
    interval === undefined || /^(\d+(ms|[smhdwy]))+$/.test(interval)
      ? undefined
      : `serviceMonitor.interval: "${interval}" is no duration; it must be one such as 30s or 1m`,
    ...labelProblems('serviceMonitor.labels', labels),
  ];
}

/** cert-manager takes Go's durations, which have no days. */
function durationProblem(option: string, given: string | undefined): string | undefined {
  return given === undefined || /^(\d+(\.\d+)?(ms|[smh]))+$/.test(given)
    ? undefined
    : `${option}: "${given}" is no duration of cert-manager's; it must be one such as 2160h`;
}

function nameProblem(option: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : flawed(`${option}: "${name}"`, nameFlaws(name));
}

function labelProblems(option: string, labels: Readonly<Record<string, string>> = {}): (string | undefined)[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    flawed(`${option}: "${key}"`, labelKeyFlaws(key)),
    flawed(`${option}: "${key}" is "${value}", which`, labelValueFlaws(value)),
  ]);
}

function flawed(what: string, flaws: readonly string[]): string | undefined {
  return flaws.length === 0 ? undefined : `${what} is wrong: ${flaws.join('; ')}`;
}
