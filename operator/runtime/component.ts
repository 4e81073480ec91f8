import type { Logger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';

/** What a manager lends to the components it runs. */
export interface RunContext {
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

/**
 * Something that runs until told to stop. Its role decides its turn: servers and sinks start first, caches next, and what works
 * on their content (controllers, and whatever has no role) when all caches are synced and, with a leader election, this replica
 * leads. Controllers stop first, then the sinks that took what they handed over (events, history), then caches, then servers.
 */
export interface Component {
  readonly name: string;
  /** @default 'controller' */
  readonly role?: 'server' | 'sink' | 'cache' | 'controller';
  /** How long it goes on on purpose once it is told to stop: the stop may take as much longer. @default 0 */
  readonly lingerMs?: number;
  /**
   * Resolves when everything that it started is finished, after the signal was aborted. A rejection stops the manager. Where
   * the signal's reason is a `NotLeaderError`, what is under way is to be broken off.
   */
  run(signal: AbortSignal, context: RunContext): Promise<void>;
}
