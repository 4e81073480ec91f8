/** A real Kubernetes for tests, the demo and benchmarks: see README.md. */
export { type ClusterOptions, type PrepareOptions, prepare, startCluster } from './cluster.js';
export type { Cluster, Level } from './connection.js';
export type { CommandResult } from './command.js';
export { CannotRun } from './errors.js';
export { type Event, type Manifest, established, eventsOf, install, kubeconfigOf } from './objects.js';
export { loadImage, pauseImage } from './images.js';
export {
  type InsideOptions,
  type Run,
  type RunOptions,
  currentRun,
  findRun,
  insideNetwork,
  openRun,
  sweep,
} from './runs.js';
export type { Component } from './process.js';
export type { Progress } from './programs.js';
export { sharedCluster, stopSharedClusters } from './shared.js';
export { Hopeless, type WaitOptions, waitFor } from './wait.js';
