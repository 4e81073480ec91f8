import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, command } from './command.js';
import { importImage } from './containerd.js';
import { type Component, tailsOf } from './process.js';
import { prometheusClusterUrl, prometheusUrl } from './prometheus.js';

/** `control-plane`: an API with controllers and a scheduler, no pods run. `node`: pods run, and are measured. */
export type Level = 'control-plane' | 'node';

/** A real Kubernetes, running. Paths are absolute; certificates and keys are PEM. */
export interface Cluster {
  readonly name: string;
  readonly level: Level;
  /** Its logs, certificates and kubeconfigs; gone after `stop`. */
  readonly folder: string;
  /** Path of a kubeconfig of a cluster administrator. */
  readonly kubeconfig: string;
  /** https URL, reached from inside the run. */
  readonly server: string;
  readonly ca: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** Path of the JSON lines, with `audit`. */
  readonly auditLog: string | undefined;
  /** As this process reaches it; a node only. */
  readonly prometheusUrl: string | undefined;
  /** As pods reach it; a node only. */
  readonly prometheusClusterUrl: string | undefined;
  /** Rejects, with what kubectl wrote to stderr, when it fails, unless `allowFailure`. */
  kubectl(args: string[], options?: { input?: string; allowFailure?: boolean }): Promise<CommandResult>;
  /** Makes the images of a docker-archive known to the node. */
  loadImage(archive: string): Promise<void>;
  /** The programs this process started for it, by name: for tests that take one away. */
  readonly components: ReadonlyMap<string, Component>;
  /** The end of every program's log. */
  logs(): Promise<string>;
  /** Resolves when every process has ended and the folder is gone. Idempotent. */
  stop(): Promise<void>;
}

/** `cluster.json`: all that another process needs to use a cluster. */
export interface ClusterDescription {
  name: string;
  level: Level;
  folder: string;
  kubeconfig: string;
  server: string;
  ca: string;
  clientCert: string;
  clientKey: string;
  auditLog: string | undefined;
  /** Name → path. */
  programs: Record<string, string>;
}

export function writeDescription(description: ClusterDescription): void {
  writeFileSync(join(description.folder, 'cluster.json'), JSON.stringify(description, null, 2), { mode: 0o600 });
}

/** `undefined` while the cluster is starting. */
export function readDescription(folder: string): ClusterDescription | undefined {
  const file = join(folder, 'cluster.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClusterDescription) : undefined;
}

export interface Ownership {
  components: ReadonlyMap<string, Component>;
  stop: () => Promise<void>;
}

/** A cluster, for a process inside its run. One that did not start it does not stop it either. */
export function connect(description: ClusterDescription, owner?: Ownership): Cluster {
  const { name, level, folder, kubeconfig, server, ca, clientCert, clientKey, auditLog, programs } = description;
  const node = level === 'node';
  const kubectl = ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'kubectl-cache')];
  return {
    name,
    level,
    folder,
    kubeconfig,
    server,
    ca,
    clientCert,
    clientKey,
    auditLog,
    prometheusUrl: node ? prometheusUrl : undefined,
    prometheusClusterUrl: node ? prometheusClusterUrl : undefined,
    components: owner?.components ?? new Map<string, Component>(),
    kubectl: (args, options) => command(programs.kubectl ?? 'kubectl', [...kubectl, ...args], options),
    async loadImage(archive) {
      if (!node) throw new Error('a control plane has no node to load an image into');
      await importImage(programs.ctr ?? 'ctr', folder, archive);
    },
    logs: () => Promise.resolve(tailsOf(join(folder, 'logs'))),
    stop: owner?.stop ?? (() => Promise.resolve()),
  };
}
