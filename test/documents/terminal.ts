import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Cluster, prepare } from '../kit/index.js';
import type { Command } from './commands.js';

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Where the reader of a document types: a shell in a folder of its own, with kubectl set to a cluster and a namespace. */
export class Terminal {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#env = env;
  }

  static async open(cluster: Cluster, namespace: string): Promise<Terminal> {
    const kubectl = (await prepare('control-plane')).get('kubectl') ?? 'kubectl';
    const folder = await mkdtemp(join(tmpdir(), 'optipod-documents-'));
    const kubeconfig = join(folder, 'kubeconfig');
    const { stdout } = await cluster.kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json']);
    await writeFile(kubeconfig, inNamespace(stdout, namespace), { mode: 0o600 });
    const path = [dirname(kubectl), process.env.PATH].join(delimiter);
    return new Terminal(folder, { ...process.env, PATH: path, HOME: folder, KUBECONFIG: kubeconfig });
  }

  /** Puts the files there that a command reads, and types it: as written, or the new way. */
  async type(command: Command, text = command.command): Promise<Printed> {
    for (const [name, example] of Object.entries(command.files ?? {})) {
      await mkdir(dirname(join(this.#folder, name)), { recursive: true });
      await cp(join(import.meta.dirname, example), join(this.#folder, name));
    }
    return this.#run(filledIn(text, command.where ?? {}), command.until);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #run(text: string, until: RegExp | undefined): Promise<Printed> {
    // A group of its own: what watches is ended together with its shell.
    const shell = spawn('sh', ['-c', text], { cwd: this.#folder, env: this.#env, detached: true });
    return new Promise((resolve, reject) => {
      let stdout = '';
      let stderr = '';
      const end = () => shell.pid !== undefined && process.kill(-shell.pid, 'SIGKILL');
      const tooLong = until && setTimeout(end, 10_000);
      shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        stdout += chunk;
        if (until?.test(stdout)) end();
      });
      shell.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      shell.once('error', reject);
      shell.once('close', (code) => {
        clearTimeout(tooLong);
        resolve({ stdout, stderr, code: code ?? (until?.test(stdout) ? 0 : 1) });
      });
    });
  }
}

/** The command with real names for its placeholders. */
function filledIn(text: string, where: Readonly<Record<string, string>>): string {
  return text.replaceAll(/<([a-z-]+)>/g, (placeholder, name: string) => where[name] ?? placeholder);
}

function inNamespace(kubeconfig: string, namespace: string): string {
  const config = JSON.parse(kubeconfig) as { contexts: { context: { namespace?: string } }[] };
  for (const { context } of config.contexts) context.namespace = namespace;
  return JSON.stringify(config);
}
