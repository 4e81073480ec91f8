import { manifests, type Manifest } from './git.js';
import type { Application, GitOpsTools } from './tools.js';

/** A namespace that is deployed from Git in one way. */
export interface Delivery {
  readonly namespace: string;
  /** Brings the cluster to what Git says. */
  readonly sync: () => Promise<void>;
  /** What the tool finds different from Git, or had to change: nothing where it is content. */
  readonly complaints: () => Promise<readonly string[]>;
  /** Puts something else into Git. */
  readonly commit: (git: readonly Manifest[]) => void;
}

/** Argo CD's two kinds of sync, each compared in both of its ways, and Flux. */
export function deliveries(tools: GitOpsTools): readonly Delivery[] {
  return [
    byArgo(tools, 'argocd-client', {}),
    byArgo(tools, 'argocd-server', { serverSideApply: true }),
    byFlux(tools, 'flux'),
  ];
}

function byArgo(tools: GitOpsTools, namespace: string, application: Application): Delivery {
  let git: readonly Manifest[] = manifests(namespace);
  return {
    namespace,
    sync: () => tools.argoSync(git, application),
    async complaints() {
      const compared = [
        ...(await tools.argoDiff(git, application)),
        ...(await tools.argoDiff(git, { ...application, serverSideDiff: true })),
      ];
      const outOfSync = compared.filter(({ synced }) => !synced);
      return outOfSync.map(({ kind, difference }) => `${namespace}: ${kind} ${JSON.stringify(difference)}`);
    },
    commit: (next) => (git = next),
  };
}

function byFlux(tools: GitOpsTools, namespace: string): Delivery {
  let git: readonly Manifest[] = manifests(namespace);
  return {
    namespace,
    async sync() {
      await tools.flux(git);
    },
    async complaints() {
      const changes = await tools.flux(git);
      return changes
        .filter(({ action }) => action !== 'unchanged')
        .map(({ subject, action }) => `${subject} ${action}`);
    },
    commit: (next) => (git = next),
  };
}
