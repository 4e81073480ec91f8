/** How long a process may take to stop before it leaves behind what still runs: finishing, flushing, giving back the lease. */
export const SHUTDOWN_MS = 30_000;

/** For what comes after that: closing connections, and the end of the process itself. */
const MARGIN_MS = 5_000;

/**
 * How long a pod gets between SIGTERM and SIGKILL, so that its process ends by itself.
 * @param lingerMs how long it goes on on purpose before it stops
 */
export function terminationGraceSeconds(lingerMs = 0): number {
  return Math.ceil((lingerMs + SHUTDOWN_MS + MARGIN_MS) / 1000);
}
