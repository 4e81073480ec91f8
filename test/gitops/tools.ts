import { stringify } from 'yaml';
import { command } from '../kit/command.js';
import type { Cluster } from '../kit/index.js';
import { ensurePrograms } from '../kit/programs.js';

/** `ignoreDifferences` of an Application. */
export interface IgnoreDifferences {
  readonly group: string;
  readonly kind: string;
  readonly managedFieldsManagers: readonly string[];
  readonly jqPathExpressions?: readonly string[];
}

/** Of an Application: its sync options, and how it is compared. */
export interface Application {
  /** Compared by a dry run in kube-apiserver. */
  readonly serverSideDiff?: boolean;
  readonly serverSideApply?: boolean;
  readonly respectIgnoreDifferences?: boolean;
  readonly ignoreDifferences?: readonly IgnoreDifferences[];
}

/** Whether an object is as Git has it; `difference` is the merge patch that would make it so. */
export interface Comparison {
  readonly kind: string;
  readonly name: string;
  readonly synced: boolean;
  readonly difference: object;
}

/** `ignore` of a Flux Kustomization. */
export interface IgnoreRule {
  readonly paths: readonly string[];
  readonly target?: { readonly kind: string };
}

/** What Flux did with an object. */
export interface Change {
  readonly subject: string;
  readonly action: 'created' | 'configured' | 'unchanged' | 'skipped';
}

/** Argo CD's and Flux's own code, with an administrator's rights. "Git" is the manifests that are handed in. */
export interface GitOpsTools {
  argoDiff(git: readonly object[], application?: Application): Promise<Comparison[]>;
  argoSync(git: readonly object[], application?: Application): Promise<void>;
  /** Reconciles once. */
  flux(git: readonly object[], ignore?: readonly IgnoreRule[]): Promise<Change[]>;
}

/** Throws `CannotRun` where the programs can neither be found nor built. */
export async function gitOpsTools({ kubeconfig }: Cluster): Promise<GitOpsTools> {
  const programs = await ensurePrograms(['argocd', 'flux'], { progress: () => undefined });

  async function run<T>(program: string, args: string[], git: readonly object[]): Promise<T> {
    const input = git.map((object) => stringify(object)).join('---\n');
    const { stdout } = await command(programs.get(program) ?? program, ['-kubeconfig', kubeconfig, ...args], { input });
    return JSON.parse(stdout) as T;
  }

  function flagsOf(application: Application): string[] {
    const { serverSideDiff, serverSideApply, respectIgnoreDifferences, ignoreDifferences } = application;
    return [
      ...(serverSideDiff ? ['-server-side-diff'] : []),
      ...(serverSideApply ? ['-server-side-apply'] : []),
      ...(respectIgnoreDifferences ? ['-respect-ignore-differences'] : []),
      ...(ignoreDifferences ? ['-ignore-differences', JSON.stringify(ignoreDifferences)] : []),
    ];
  }

  return {
    argoDiff: (git, application = {}) => run('argocd', [...flagsOf(application), 'diff'], git),
    async argoSync(git, application = {}) {
      await run('argocd', [...flagsOf(application), 'sync'], git);
    },
    flux: (git, ignore = []) => run('flux', ['-ignore', JSON.stringify(ignore)], git),
  };
}
