import { WORKLOAD_KINDS } from 'optipod/lib/policy';

/** A workload as it stands in Git. */
export interface Manifest {
  readonly apiVersion: 'apps/v1';
  readonly kind: (typeof WORKLOAD_KINDS)[number];
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: object;
}

export const OWN = { requests: { cpu: '100m', memory: '128Mi' } };

/** A repository: a workload of each kind, called as its kind is. @param resources of their containers */
export function manifests(namespace: string, image = 'never-run:1', resources: object | 'none' = OWN): Manifest[] {
  return WORKLOAD_KINDS.map((kind) => {
    const name = kind.toLowerCase();
    const labels = { app: name };
    const container = { name: 'app', image, ...(resources === 'none' ? {} : { resources }) };
    return {
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace, name },
      spec: {
        ...(kind === 'DaemonSet' ? {} : { replicas: 1 }),
        // Pods here never run, which no rolling update comes to its end with.
        ...(kind === 'Deployment' ? { strategy: { type: 'Recreate' } } : {}),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    };
  });
}
