import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, type ClusterDescription, type Level, connect, writeDescription } from './connection.js';
import { type ControlPlane, type StartOptions, startControlPlane } from './control-plane.js';
import { ensurePackages } from './debian.js';
import { CannotRun, messageOf } from './errors.js';
import { Identities } from './identities.js';
import { type Node, startNode } from './node.js';
import { inNamespaces } from './namespaces.js';
import { type Component, startComponent, tailsOf } from './process.js';
import { type Progress, ensureControlPlanePrograms, ensurePrograms, pathWith } from './programs.js';
import { recordOf, recordProcess } from './run-record.js';
import { nodePrograms } from './modules.js';
import { type Run, currentRun, openRun } from './runs.js';

export interface PrepareOptions {
  /** Which Kubernetes: `1.33` is what `programs/kubernetes-1.33` says. @default what `programs/kubernetes` says */
  version?: string;
  /** Whether Debian packages may be installed. @default unless OPTIPOD_KIT_NO_INSTALL is set */
  install?: boolean;
  progress?: Progress;
}

export interface ClusterOptions extends PrepareOptions {
  /** @default 'control-plane' */
  level?: Level;
  /** Unique in its run. @default 'cluster' */
  name?: string;
  /** Write an audit log: JSON lines, writes with their bodies. @default false */
  audit?: boolean;
  apiserverFlags?: string[];
  /** Of kube-controller-manager: its controllers' intervals, mostly. */
  controllerManagerFlags?: string[];
  /** Fields of the node's KubeletConfiguration, besides the kit's own or instead of them. */
  kubeletConfig?: object;
}

// Nothing a cluster holds outlives it; what takes longer (the apiserver waits for watches) is not waited for.
const graceMs = 3000;

/**
 * Programs, packages and images of a level, in the cache. To be called with a network: inside a run there is none.
 * Throws `CannotRun` where this machine cannot have them.
 */
export async function prepare(level: Level, options: PrepareOptions = {}): Promise<Map<string, string>> {
  const { progress = () => undefined, version, install = !process.env.OPTIPOD_KIT_NO_INSTALL } = options;
  if (level === 'node') {
    if (process.platform !== 'linux') {
      throw new CannotRun(
        'A node needs Linux: use a virtual machine; the control plane runs with KUBEBUILDER_ASSETS, unit tests anywhere.',
      );
    }
    if (process.getuid?.() !== 0) {
      throw new CannotRun('A node needs root: run this as root; control-plane and unit tests run without.');
    }
  }
  if (process.platform === 'linux' && process.getuid?.() === 0) await ensurePackages(level, { install, progress });
  if (level === 'control-plane') return ensureControlPlanePrograms({ version, progress });
  return ensurePrograms(nodePrograms, { version, progress });
}

/**
 * Starts a cluster in the run this process is inside of (see `insideNetwork`). Outside of any it gets a run of its own,
 * on loopback: a control plane only. It ends with this process, unless the run is detached.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { level = 'control-plane', progress = () => undefined } = options;
  const programs = await prepare(level, options);
  const inside = currentRun();
  if (level === 'node' && inside?.isolated !== true) {
    throw new CannotRun(
      'A node needs a network of its own: start it with "npm run cluster -- up --level node" or from a test of npm test.',
    );
  }
  const run = inside ?? (await openRun({ loopback: true }));
  const starting = new Starting(run, options.name ?? 'cluster', programs);
  try {
    return await starting.start(level, options, progress, inside === undefined);
  } catch (error) {
    const logs = tailsOf(starting.logFolder, 8);
    await starting.stop();
    if (inside === undefined) await run.close();
    if (error instanceof CannotRun) throw error;
    throw new Error(`${messageOf(error)}\n${logs}`, { cause: error });
  }
}

/** What is there of a cluster so far: enough to stop it at any point. */
class Starting {
  readonly folder: string;
  readonly logFolder: string;
  readonly #run: Run;
  readonly #name: string;
  readonly #programs: ReadonlyMap<string, string>;
  readonly #components = new Map<string, Component>();
  readonly #outlivesUs: boolean;
  #stopping = false;
  #node: Node | undefined;
  #controlPlane: ControlPlane | undefined;

  constructor(run: Run, name: string, programs: ReadonlyMap<string, string>) {
    this.#run = run;
    this.#name = name;
    this.#programs = programs;
    this.#outlivesUs = recordOf(run.folder).detachable;
    this.folder = join(run.folder, 'clusters', name);
    this.logFolder = join(this.folder, 'logs');
    mkdirSync(join(run.folder, 'clusters'), { recursive: true });
    try {
      mkdirSync(this.folder);
    } catch (cause) {
      throw new Error(`this run has a cluster named ${name}`, { cause });
    }
    mkdirSync(this.logFolder);
  }

  async start(level: Level, options: ClusterOptions, progress: Progress, ownsRun: boolean): Promise<Cluster> {
    const began = Date.now();
    const elapsed = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
    progress(`${this.#name}: starting${level === 'node' ? ', with a node' : ' the control plane'}`);
    const { folder } = this;
    const identities = await Identities.create(folder);
    const start = (name: string, args: string[], how: StartOptions = {}) =>
      this.#launch([this.#programs.get(name) ?? name, ...args], { as: name, ...how });
    const starting = startControlPlane({
      folder,
      isolated: this.#run.isolated,
      identities,
      start,
      has: (program) => this.#programs.has(program),
      audit: options.audit ?? false,
      apiserverFlags: options.apiserverFlags ?? [],
      controllerManagerFlags: options.controllerManagerFlags ?? [],
    }).then((controlPlane) => {
      progress(`${this.#name}: control plane ready after ${elapsed()}`);
      return (this.#controlPlane = controlPlane);
    });
    // It is awaited below; until then a failure of it is not one that nobody handles.
    starting.catch(() => undefined);
    if (level === 'node') {
      this.#node = await startNode({
        run: this.#run.name,
        folder,
        logFolder: this.logFolder,
        identities,
        start,
        program: (name) => this.#program(name),
        path: pathWith(this.#programs),
        outlivesUs: this.#outlivesUs,
        kubeletConfig: options.kubeletConfig ?? {},
        controlPlane: starting,
      });
      progress(`${this.#name}: node and metrics ready after ${elapsed()}`);
    }
    return this.#cluster(level, await starting, ownsRun);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#node?.stop();
    await Promise.all([...this.#components.values()].map((component) => component.stop(graceMs)));
    this.#controlPlane?.giveBackPorts();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #launch(argv: [string, ...string[]], how: StartOptions & { as: string }): Promise<Component> {
    // Parts start side by side: when one has failed, the others are not to bring up more.
    if (this.#stopping) throw new Error(`${this.#name} is being stopped`);
    const component = startComponent({
      name: how.as,
      argv: how.inside === undefined ? argv : inNamespaces(how.inside, argv),
      wrapped: how.inside !== undefined,
      logFolder: this.logFolder,
      outlivesUs: this.#outlivesUs,
      ...(how.env && { env: how.env }),
    });
    this.#components.set(component.name, component);
    await recordProcess(this.#run.folder, component.pid);
    return component;
  }

  #program(name: string): string {
    const path = this.#programs.get(name);
    if (path === undefined) throw new Error(`no program ${name}`);
    return path;
  }

  #cluster(level: Level, controlPlane: ControlPlane, ownsRun: boolean): Cluster {
    const { server, kubeconfig, admin, auditLog } = controlPlane;
    const description: ClusterDescription = {
      name: this.#name,
      level,
      folder: this.folder,
      kubeconfig,
      server,
      ca: admin.ca,
      clientCert: admin.cert,
      clientKey: admin.key,
      auditLog,
      programs: Object.fromEntries(this.#programs),
    };
    writeDescription(description);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= this.stop().then(() => (ownsRun ? this.#run.close() : undefined)));
    return connect(description, { components: this.#components, stop });
  }
}
