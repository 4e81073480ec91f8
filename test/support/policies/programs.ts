import { CannotRun, prepare, type Progress } from '../../kit/index.js';
import { ensurePrograms } from '../../kit/programs.js';

/** The oldest Kubernetes that the rules are held against; the newest is the kit's own. */
export const OLDEST = '1.33';

/**
 * Builds what the tests of the rulebook need besides a control plane. Those who bring their own (KUBEBUILDER_ASSETS) may have no
 * Go: their tests say that they are skipped.
 */
export async function prepareRulebook(progress: Progress): Promise<void> {
  try {
    await prepare('control-plane', { version: OLDEST, progress });
    await ensurePrograms(['cel-cost'], { progress });
  } catch (error) {
    if (!canSkip(error)) throw error;
    progress(`without Kubernetes ${OLDEST} and cost estimates: ${error.message}`);
  }
}

/** Whether a test may be skipped for an error. */
export function canSkip(error: unknown): error is CannotRun {
  return error instanceof CannotRun && Boolean(process.env.KUBEBUILDER_ASSETS);
}
