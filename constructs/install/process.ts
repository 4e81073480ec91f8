import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ResourceRequirements } from '../../lib/kube/index.js';
import type { Installation } from './options.js';

/*
 * The objects are written with the typed Kubernetes API of cdk8s-plus-28. The constructs above it come with defaults that
 * would have to be undone one by one: requests of a whole CPU, no seccomp profile, capabilities kept, hashes as selectors.
 */

/** One of OptiPod's processes: a Deployment of one container, and the service account it runs as. */
export interface Process {
  readonly name: string;
  readonly component: 'operator' | 'webhook';
  /** The bundle in the image. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;
  readonly resources: ResourceRequirements;
  readonly replicas: number;
  readonly strategy: k8s.DeploymentStrategy;
  readonly spread: boolean;
}

const HEALTH_PORT = { name: 'health', number: 8080 };

/** A user that no distribution uses, as in distroless images; the image says the same. */
const UNPRIVILEGED = 65532;

/** The labels by which the pods of a process are found; they can never change, since selectors cannot. */
export function selectorOf({ name }: Pick<Process, 'name'>): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': 'optipod' };
}

/** `labels` come from the chart, and are repeated on the pods. */
export function deployment(
  scope: Construct,
  process: Process,
  { image, imagePullPolicy, namespace }: Installation,
  labels: Record<string, string>,
): void {
  const { name, component } = process;
  const own = { 'app.kubernetes.io/component': component, ...selectorOf(process) };
  // Whoever uses the account says that he wants its token.
  new k8s.KubeServiceAccount(scope, `${name}-account`, {
    metadata: { name, namespace, labels: own },
    automountServiceAccountToken: false,
  });
  new k8s.KubeDeployment(scope, name, {
    metadata: { name, namespace, labels: own },
    spec: {
      replicas: process.replicas,
      strategy: process.strategy,
      selector: { matchLabels: selectorOf(process) },
      template: {
        metadata: { labels: { ...labels, ...own } },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: true,
          // Kubernetes would describe the Service optipod-webhook in variables that begin with OPTIPOD_, as settings do.
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: UNPRIVILEGED,
            runAsGroup: UNPRIVILEGED,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [container(process, image, imagePullPolicy)],
          ...(process.spread ? { topologySpreadConstraints: overNodes(process) } : {}),
        },
      },
    },
  });
}

function container(process: Process, image: string, imagePullPolicy: string): k8s.Container {
  return {
    name: process.component,
    image,
    imagePullPolicy,
    command: ['node', process.program],
    ...environment(process.env),
    ports: Object.entries({ ...process.ports, [HEALTH_PORT.name]: HEALTH_PORT.number }).map(
      ([name, containerPort]) => ({
        name,
        containerPort,
      }),
    ),
    livenessProbe: { httpGet: { path: '/healthz', port: k8s.IntOrString.fromString(HEALTH_PORT.name) } },
    readinessProbe: { httpGet: { path: '/readyz', port: k8s.IntOrString.fromString(HEALTH_PORT.name) } },
    resources: resources(process.resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

function environment(variables: Process['env']): Pick<k8s.Container, 'env'> {
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? {} : { env: sorted.map(([name, value]) => ({ name, value })) };
}

function resources({ requests, limits }: ResourceRequirements): k8s.ResourceRequirements {
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
