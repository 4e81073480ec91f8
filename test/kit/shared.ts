import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from './cluster.js';
import { type Cluster, type Level, connect, readDescription } from './connection.js';
import { type Run, currentRun } from './runs.js';

const clusters = new Map<Level, Promise<Cluster>>();

/**
 * The cluster that the tests of one mocha process share: started when it is first asked for and stopped by `hooks.ts`.
 * A node also serves those who ask for a control plane. OPTIPOD_KIT_LEVEL=node starts a node for the first who asks, so that
 * a later test finds it running. Inside a run that has a cluster ("npm run cluster -- exec") it is that one.
 */
export function sharedCluster(level: Level): Promise<Cluster> {
  const wanted = process.env.OPTIPOD_KIT_LEVEL === 'node' ? 'node' : level;
  const found = clusters.get('node') ?? clusters.get(wanted);
  if (found !== undefined) return found;
  const started = findOrStart(wanted);
  clusters.set(wanted, started);
  return started;
}

/** Stops what `sharedCluster` has started. */
export async function stopSharedClusters(): Promise<void> {
  const started = [...clusters.values()];
  clusters.clear();
  for (const cluster of await Promise.allSettled(started)) {
    if (cluster.status === 'fulfilled') await cluster.value.stop();
  }
}

async function findOrStart(level: Level): Promise<Cluster> {
  const run = currentRun();
  const running =
    run === undefined ? undefined : clustersOf(run).find((cluster) => level !== 'node' || cluster.level === 'node');
  if (running !== undefined) return connect(running);
  return startCluster({ level, name: `shared-${level}`, progress: (line) => process.stderr.write(`${line}\n`) });
}

/** The clusters of a run that are up. */
export function clustersOf(run: Run) {
  const folder = join(run.folder, 'clusters');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => readDescription(join(folder, name))).filter((description) => description !== undefined);
}
