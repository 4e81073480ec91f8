import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES } from 'optipod/lib/optipod';
import { Namespace, Secret } from 'optipod/kube';
import { issueLeaf, createAuthority, type KeyPair, type KubeClient } from '../../../operator/runtime/index.js';
import { Hopeless, waitFor, type Cluster } from '../../kit/index.js';
import { freePort } from '../../kit/ports.js';
import { imageRuntime } from '../image-runtime.js';
import { cpuMsOf } from '../process-usage.js';

const HOST = '127.0.0.1';

/** A webhook in a process of its own, serving over HTTPS. */
export interface Server {
  readonly name: string;
  readonly url: string;
  /** Milliseconds of CPU time that its process has used so far. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/** The same for all. */
export async function certificate(): Promise<KeyPair & { readonly ca: string }> {
  const authority = await createAuthority(new Date());
  return { ...(await issueLeaf(authority, ['localhost'], new Date())), ca: authority.cert };
}

/** OptiPod's, as its image has it and on what it has there. @param program the bundle */
export async function startOptipod(
  name: string,
  { program, cluster, client, pair, folder }: Start & { readonly program: string; readonly client: KubeClient },
): Promise<Server> {
  await client.create(Namespace, { metadata: { name: NAMES.namespace } });
  const data = { 'tls.crt': encode(pair.cert), 'tls.key': encode(pair.key) };
  const metadata = { namespace: NAMES.namespace, name: NAMES.certificateSecret };
  await client.create(Secret, { metadata, type: 'kubernetes.io/tls', data });
  const [port, health] = [await freePort(HOST), await freePort(HOST)];
  const flags = [`--port=${String(port)}`, `--health-port=${String(health)}`, `--namespace=${NAMES.namespace}`];
  const image = await imageRuntime();
  const env = { ...image.env, KUBECONFIG: cluster.kubeconfig };
  const child = run(name, image.node, [...execArgv(), program, ...flags], env, folder);
  await ready(name, child, `http://${HOST}:${String(health)}/readyz`);
  return server(name, child, port, '/mutate?timeout=5s');
}

/** For a profile: OPTIPOD_BENCH_NODE="--cpu-prof --cpu-prof-dir=/tmp/x". */
function execArgv(): readonly string[] {
  return (process.env.OPTIPOD_BENCH_NODE ?? '').split(' ').filter((argument) => argument !== '');
}

/** The VerticalPodAutoscaler's, with the flags of its chart. */
export async function startAutoscaler(
  name: string,
  program: string,
  { cluster, pair, folder }: Start,
): Promise<Server> {
  const files = { ca: pair.ca, cert: pair.cert, key: pair.key };
  const path = (file: string) => join(folder, `${name}-${file}.pem`);
  for (const [file, pem] of Object.entries(files)) writeFileSync(path(file), pem);
  const [port, metrics] = [await freePort(HOST), await freePort(HOST)];
  const flags = [
    '--stderrthreshold=info',
    `--kubeconfig=${cluster.kubeconfig}`,
    '--register-webhook=false',
    `--client-ca-file=${path('ca')}`,
    `--tls-cert-file=${path('cert')}`,
    `--tls-private-key=${path('key')}`,
    `--port=${String(port)}`,
    `--address=${HOST}:${String(metrics)}`,
  ];
  const child = run(name, program, flags, {}, folder);
  await ready(name, child, `http://${HOST}:${String(metrics)}/health-check`);
  return server(name, child, port, '/');
}

interface Start {
  readonly cluster: Cluster;
  readonly pair: KeyPair & { readonly ca: string };
  /** For its log and its files. */
  readonly folder: string;
}

function run(name: string, program: string, args: readonly string[], env: object, folder: string): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'a');
  return spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
}

async function ready(name: string, child: ChildProcess, url: string): Promise<void> {
  await waitFor(
    `${name} to be ready`,
    async () => {
      if (child.exitCode !== null) throw new Hopeless(`it ended with ${String(child.exitCode)}`);
      return (await fetch(url)).ok ? true : undefined;
    },
    { everyMs: 200, timeoutMs: 120_000 },
  );
}

function server(name: string, child: ChildProcess, port: number, path: string): Server {
  return {
    name,
    url: `https://localhost:${String(port)}${path}`,
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    async stop() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

function encode(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
