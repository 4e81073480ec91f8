import { WORKLOAD_KINDS } from 'optipod/lib/policy';

/** A workload as it stands in Git. */
export interface Manifest {
  readonly apiVersion: 'apps/v1';
  readonly kind: (typeof WORKLOAD_KINDS)[number];
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: object;
}

const OWN = { requests: { cpu: '100m', memory: '128Mi' } };

export interface ManifestOptions {
  readonly image?: string;
  /** Of their containers. @default OWN */
  readonly resources?: object | 'none';
  /** @default 1 */
  readonly replicas?: number;
}

/** A repository: a workload of each kind, called as its kind is. */
export function manifests(
  namespace: string,
  { image = 'never-run:1', resources = OWN, replicas = 1 }: ManifestOptions = {},
): Manifest[] {
  return WORKLOAD_KINDS.map((kind) => {
    const name = kind.toLowerCase();
    const labels = { app: name };
    const container = { name: 'app', image, ...(resources === 'none' ? {} : { resources }) };
    return {
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace, name },
      spec: {
        ...(kind === 'DaemonSet' ? {} : { replicas }),
        selector: { matchLabels: labels },
        // The mount of a token has another name in each pod.
        template: { metadata: { labels }, spec: { automountServiceAccountToken: false, containers: [container] } },
      },
    };
  });
}
