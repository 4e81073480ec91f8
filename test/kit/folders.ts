import { homedir } from 'node:os';
import { join } from 'node:path';

/** Programs and images that were built once, for every checkout of this user. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'optipod-kit');
}

/** Runs in progress: one folder each, gone when the run is. Outside the repository, so that `git clean` cannot break a run. */
export function runsFolder(): string {
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'optipod-kit', 'runs');
}
