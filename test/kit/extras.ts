import { prepare } from './cluster.js';
import { CannotRun } from './errors.js';
import { ensurePrograms, hasSource, type Progress } from './programs.js';

/** The oldest Kubernetes that there is a module for; the newest is the kit's own. */
export const OLDEST = '1.33';

/** What tells the cost of rules, what Argo CD and Flux make of a cluster, and nodes without kubelets. */
const PROGRAMS = ['cel-cost', 'argocd', 'flux', 'kwok'];

/**
 * Builds what single tests need besides a cluster: an older apiserver, and programs of their own. Those who
 * bring their own control plane (KUBEBUILDER_ASSETS) may have no Go: their tests say that they are skipped.
 */
export async function prepareExtras({ progress }: { readonly progress: Progress }): Promise<void> {
  try {
    await prepare('control-plane', { version: OLDEST, progress });
    await ensurePrograms(PROGRAMS.filter(hasSource), { progress });
  } catch (error) {
    if (!canSkip(error)) throw error;
    progress(`without Kubernetes ${OLDEST}, ${PROGRAMS.join(', ')}: ${error.message}`);
  }
}

/** Whether a test may be skipped for an error: never in CI (`CI=true`), where nobody reads that it was. */
export function canSkip(error: unknown, env: NodeJS.ProcessEnv = process.env): error is CannotRun {
  const inCi = Boolean(env.CI) && env.CI !== 'false';
  return error instanceof CannotRun && Boolean(env.KUBEBUILDER_ASSETS) && !inCi;
}

/** Starts what a test needs besides a cluster; skips what runs in this context where it may do without. */
export async function orSkip<T>(context: { skip(): never }, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (canSkip(error)) context.skip();
    throw error;
  }
}
