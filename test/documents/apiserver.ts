import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { established, type Cluster } from '../kit/index.js';
import { type Tree, isTree, treeAt } from './tree.js';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the apiserver refused, as a user reads it. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
  /** The field paths it names, without repetition. */
  readonly fields: readonly string[];
}

export interface Answer {
  readonly code: number;
  readonly body: Tree;
}

const merge = 'application/merge-patch+json';

/** The apiserver without kubectl in between: a hundred small questions in the time of one of its processes. */
export class Apiserver {
  readonly #server: string;
  readonly #agent: Agent;

  constructor({ server, ca, clientCert, clientKey }: Cluster) {
    this.#server = server;
    this.#agent = new Agent({ connect: { ca, cert: clientCert, key: clientKey } });
  }

  /** Resolves to whatever was answered. */
  async ask(method: Method, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const { statusCode, body: answer } = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { accept: 'application/json', 'content-type': contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json: unknown = await answer.json();
    return { code: statusCode, body: isTree(json) ? json : {} };
  }

  /** Resolves to the object as stored, defaults included; unknown fields are refused. Throws what was refused. */
  async create(path: string, object: Tree, options: { dryRun?: boolean } = {}): Promise<Tree> {
    return granted(await this.ask('POST', `${path}?fieldValidation=Strict${dryRun(options.dryRun)}`, object));
  }

  async get(path: string): Promise<Tree> {
    return granted(await this.ask('GET', path));
  }

  async patch(path: string, patch: Tree): Promise<Tree> {
    return granted(await this.ask('PATCH', `${path}?fieldValidation=Strict`, patch, merge));
  }

  /** Server-side apply. */
  async apply(path: string, object: Tree, manager: string): Promise<Tree> {
    const query = `fieldManager=${encodeURIComponent(manager)}&force=true`;
    return granted(await this.ask('PATCH', `${path}?${query}`, object, 'application/apply-patch+yaml'));
  }

  /** Nothing is stored. `undefined` where it would have been accepted. */
  async refusalOf(path: string, object: Tree): Promise<Refusal | undefined> {
    return refusal(await this.ask('POST', `${path}?fieldValidation=Strict${dryRun(true)}`, object));
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}

const dryRun = (on = false) => (on ? '&dryRun=All' : '');

export function refusal({ code, body }: Answer): Refusal | undefined {
  if (code < 400) return undefined;
  const causes = treeAt(body, 'details.causes');
  const fields = (Array.isArray(causes) ? causes : [])
    .map((cause: unknown) => (isTree(cause) ? cause.field : undefined))
    // "Some validation rules were not checked" comes without a field.
    .filter((field): field is string => typeof field === 'string' && field !== '<nil>');
  return { code, message: String(body.message), fields: [...new Set(fields)] };
}

function granted(answer: Answer): Tree {
  const refused = refusal(answer);
  if (refused) throw new Error(`${refused.code}: ${refused.message}`);
  return answer.body;
}

const CRDS = join(import.meta.dirname, '..', '..', 'imports', 'crds');

/** Where policies of a namespace are. */
export const policies = (namespace = 'default') =>
  `/apis/optipod.io/v1alpha1/namespaces/${namespace}/optimizationpolicies`;

/** Where an object is to be created, by the plain rules of English plurals. */
export function collectionOf(object: Tree): string {
  const kind = String(object.kind).toLowerCase();
  const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  const namespace = treeAt(object, 'metadata.namespace');
  return `/apis/${String(object.apiVersion)}/namespaces/${typeof namespace === 'string' ? namespace : 'default'}/${plural}`;
}

/** Makes the CRDs of a folder known, OptiPod's own by default, and waits until they are served. */
export async function installCrds(cluster: Cluster, folder = CRDS): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', folder]);
  const crds = names.map((name) => `crd/${name.replace('.yaml', '')}`);
  await established(cluster, ...crds);
}

/** An object from a file of this folder. */
export async function load(file: string): Promise<Tree> {
  const object: unknown = parse(await readFile(join(import.meta.dirname, file), 'utf8'));
  if (!isTree(object)) throw new Error(`${file} holds no object`);
  return object;
}
