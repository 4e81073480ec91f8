/** A Go module, whose go.mod says which version of what is built. */
export interface GoModule {
  /** Its folder, from this one. @default `programs/<name>` */
  folder?: string;
  /** The requirement in go.mod that gives the programs their version; none for a module that is the program. */
  versionedBy?: string;
  /** Linker settings that make the programs report that version. */
  stamp?: (version: string) => string;
  tags?: string;
  /** Program name → Go package. */
  packages: Readonly<Record<string, string>>;
}

const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet', 'kube-proxy'];
const containerd = ['containerd', 'containerd-shim-runc-v2', 'ctr'];

export const modules: Readonly<Record<string, GoModule>> = {
  kubernetes: {
    versionedBy: 'k8s.io/kubernetes',
    stamp: (version) => {
      const [major, minor] = version.split('.');
      const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
      return Object.entries(stamps)
        .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value ?? ''}`)
        .join(' ');
    },
    packages: {
      etcd: 'go.etcd.io/etcd/server/v3',
      ...Object.fromEntries(kubernetes.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
    },
  },
  containerd: {
    versionedBy: 'github.com/containerd/containerd/v2',
    stamp: (version) => `-X github.com/containerd/containerd/v2/version.Version=${version}`,
    // Snapshotters that need C libraries; overlayfs is all a node needs.
    tags: 'no_btrfs no_zfs no_devmapper',
    packages: Object.fromEntries(containerd.map((name) => [name, `github.com/containerd/containerd/v2/cmd/${name}`])),
  },
  'metrics-server': {
    versionedBy: 'sigs.k8s.io/metrics-server',
    packages: { 'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server' },
  },
  // Peers for benchmarks.
  vpa: {
    versionedBy: 'k8s.io/autoscaler/vertical-pod-autoscaler',
    packages: {
      'vpa-admission-controller': 'k8s.io/autoscaler/vertical-pod-autoscaler/pkg/admission-controller',
      'vpa-recommender': 'k8s.io/autoscaler/vertical-pod-autoscaler/pkg/recommender',
    },
  },
  // Nodes without kubelets, for more pods than a machine can run.
  kwok: { versionedBy: 'sigs.k8s.io/kwok', packages: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' } },
  load: { packages: { load: '.' } },
  'cel-cost': { versionedBy: 'k8s.io/apiextensions-apiserver', packages: { 'cel-cost': '.' } },
  argocd: {
    folder: '../gitops/programs/argocd',
    versionedBy: 'github.com/argoproj/argo-cd/v3',
    packages: { argocd: '.' },
  },
  flux: { folder: '../gitops/programs/flux', versionedBy: 'github.com/fluxcd/pkg/ssa', packages: { flux: '.' } },
};

/** What each level runs. */
export const apiserverPrograms = ['etcd', 'kube-apiserver', 'kubectl'];
export const controlPlanePrograms = [...apiserverPrograms, 'kube-controller-manager', 'kube-scheduler'];
export const nodePrograms = [...controlPlanePrograms, 'kubelet', 'kube-proxy', ...containerd, 'metrics-server', 'load'];

/** The version a go.mod requires of a module, without its `v`. */
export function versionIn(goMod: string, requirement: string | undefined): string {
  if (requirement === undefined) return '1';
  const line = goMod.split('\n').find((text) =>
    text
      .trim()
      .replace(/^require /, '')
      .startsWith(`${requirement} v`),
  );
  const version = line && /v(\S+)/.exec(line.slice(line.indexOf(' v')))?.[1];
  if (!version) throw new Error(`go.mod requires no ${requirement}`);
  return version;
}
