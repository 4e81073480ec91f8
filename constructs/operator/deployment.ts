import { ApiObject, type ApiObjectProps } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  ADMISSION_SETTINGS,
  durationOf,
  terminationGraceSeconds,
  type ResourceRequirements,
} from '../../lib/kube/index.js';
import { HEALTH_PORT, labelsOf, selectorOf, type PodProps, type Process } from './pods.js';
import { contentHash, settingsMap, settingsPath } from './settings.js';
import { mounts, volumes } from './volumes.js';

/*
 * The objects are written with the typed Kubernetes API of cdk8s-plus-28. The constructs above it come with defaults that
 * would have to be undone one by one: requests of a whole CPU, no seccomp profile, capabilities kept, hashes as selectors.
 */

const USUAL_DRAIN_MS = durationOf(ADMISSION_SETTINGS.drain.default);

/** A user that no distribution uses, as in distroless images. */
const UNPRIVILEGED = 65532;

export interface DeploymentContext {
  readonly namespace: string;
  /** Those of the chart, which are repeated on the pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly pods: PodProps;
}

/** The Deployment of a process with its service account, its settings and, where there are pods to spare, its budget. */
export function deployment(scope: Construct, process: Process, { namespace, labels, pods }: DeploymentContext): void {
  const { name, props } = process;
  const { replicas = 2, strategy = 'RollingUpdate', settings } = props;
  const own = labelsOf(process);
  // Whoever uses the account says that he wants its token.
  new k8s.KubeServiceAccount(scope, `${name}-account`, {
    metadata: { name, namespace, labels: own },
    automountServiceAccountToken: false,
  });
  if (settings) settingsMap(scope, { name, namespace, labels: own }, settings);
  const annotations = { ...pods.podAnnotations, ...(settings && { 'checksum/settings': contentHash(settings) }) };
  const manifest = k8s.KubeDeployment.manifest({
    metadata: { name, namespace, labels: own },
    spec: {
      replicas,
      strategy: updates(strategy),
      selector: { matchLabels: selectorOf(process) },
      template: {
        metadata: {
          labels: { ...pods.podLabels, ...labels, ...own },
          ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
        },
        spec: {
          serviceAccountName: name,
          terminationGracePeriodSeconds: props.terminationGracePeriodSeconds ?? terminationGraceSeconds(USUAL_DRAIN_MS),
          automountServiceAccountToken: true,
          // Kubernetes would describe Services in variables that may begin as the names of settings do.
          enableServiceLinks: false,
          ...(pods.priorityClassName === undefined ? {} : { priorityClassName: pods.priorityClassName }),
          ...(pods.imagePullSecrets?.length ? { imagePullSecrets: pods.imagePullSecrets.map(named) } : {}),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: UNPRIVILEGED,
            runAsGroup: UNPRIVILEGED,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [container(process, pods)],
          ...volumes(process),
          topologySpreadConstraints: overNodes(process),
        },
      },
    },
  }) as DeploymentManifest;
  Object.assign(manifest.spec.template.spec, placement(pods));
  new ApiObject(scope, name, manifest);
  if (replicas > 1) budget(scope, process, namespace);
}

function updates(strategy: 'RollingUpdate' | 'Recreate'): k8s.DeploymentStrategy {
  if (strategy === 'Recreate') return { type: strategy };
  // A new pod is ready before an old one goes, so that something serves or waits to lead at any time.
  const rollingUpdate = { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) };
  return { type: strategy, rollingUpdate };
}

interface DeploymentManifest extends ApiObjectProps {
  readonly spec: { readonly template: { readonly spec: object } };
}

/** As it is given: the typed API would drop the fields that are younger than it, also those that a JSON patch adds. */
function placement({ nodeSelector, tolerations, affinity }: PodProps): object {
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(affinity && { affinity }),
  };
}

function named(name: string): { name: string } {
  return { name };
}

function container(process: Process, pods: PodProps): k8s.Container {
  const { command, resources, settings } = process.props;
  return {
    name: process.component,
    image: process.image,
    imagePullPolicy: pods.imagePullPolicy ?? 'IfNotPresent',
    ...(command ? { command: [...command] } : {}),
    ...environment({ ...process.props.env, ...(settings && { [settings.variable]: settingsPath() }) }),
    ports: [...process.ports, HEALTH_PORT].map(({ name, number }) => ({ name, containerPort: number })),
    livenessProbe: { httpGet: { path: '/healthz', port: k8s.IntOrString.fromString(HEALTH_PORT.name) } },
    readinessProbe: { httpGet: { path: '/readyz', port: k8s.IntOrString.fromString(HEALTH_PORT.name) } },
    // No memory limit: caches grow with the cluster that they watch.
    resources: requirements(resources ?? { requests: { cpu: '50m', memory: '128Mi' } }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    ...mounts(process),
  };
}

function environment(variables: Readonly<Record<string, string>>): Pick<k8s.Container, 'env'> {
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? {} : { env: sorted.map(([name, value]) => ({ name, value })) };
}

function requirements({ requests, limits }: ResourceRequirements): k8s.ResourceRequirements {
  return { ...(requests && { requests: quantities(requests) }), ...(limits && { limits: quantities(limits) }) };
}

function quantities(amounts: Readonly<Record<string, string | number>>): Record<string, k8s.Quantity> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [
      name,
      typeof amount === 'number' ? k8s.Quantity.fromNumber(amount) : k8s.Quantity.fromString(amount),
    ]),
  );
}

/** On different nodes where there are several; on one where there is only one. */
function overNodes(process: Process): k8s.TopologySpreadConstraint[] {
  return [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: selectorOf(process) },
    },
  ];
}

function budget(scope: Construct, process: Process, namespace: string): void {
  const { name } = process;
  new k8s.KubePodDisruptionBudget(scope, `${name}-budget`, {
    metadata: { name, namespace, labels: labelsOf(process) },
    spec: {
      minAvailable: k8s.IntOrString.fromNumber(1),
      // Pods that are not ready serve nobody, and must not hold up the draining of their node.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorOf(process) },
    },
  });
}
