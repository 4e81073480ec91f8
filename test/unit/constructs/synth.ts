import { App } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { OptiPod, type OptiPodProps } from '../../../constructs/install.js';

/** What the tests read of a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface DeploymentManifest extends Manifest {
  readonly spec: {
    readonly replicas: number;
    readonly strategy: unknown;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly terminationGracePeriodSeconds: number;
        readonly automountServiceAccountToken: boolean;
        readonly enableServiceLinks: boolean;
        readonly securityContext: unknown;
        readonly containers: readonly [ContainerManifest];
        readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
      };
    };
  };
}

export interface ContainerManifest {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources: unknown;
  readonly securityContext: unknown;
}

export function manifestsIn(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
}

/** The manifests of an installation, in the order in which they are applied; by way of YAML it would take twice as long. */
export function synth(props?: OptiPodProps): Manifest[] {
  const app = new App();
  new OptiPod(app, 'optipod', props);
  return app.charts.flatMap((chart) => chart.toJson() as Manifest[]);
}

export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

export function deploymentsIn(manifests: readonly Manifest[]): DeploymentManifest[] {
  return manifests.filter(({ kind }) => kind === 'Deployment') as DeploymentManifest[];
}
