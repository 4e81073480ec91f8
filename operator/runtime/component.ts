import type { Logger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';

/** What a manager lends to the components it runs. */
export interface RunContext {
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

/**
 * Something that runs until told to stop. Its role decides its turn: servers start first and stop last, caches come next,
 * and what works on their content (controllers, and whatever has no role) starts when all caches are synced and stops first.
 */
export interface Component {
  readonly name: string;
  /** @default 'controller' */
  readonly role?: 'server' | 'cache' | 'controller';
  /**
   * Resolves when everything that it started is finished, after the signal was aborted. A rejection stops the manager.
   */
  run(signal: AbortSignal, context: RunContext): Promise<void>;
}
