import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JsonPatchOperation, Kind } from 'optipod/kube';
import { pathOf } from '../../operator/runtime/paths.js';
import type { Cluster } from '../kit/index.js';
import type { Request } from '../support/audit.js';
import type { PrometheusQuery } from '../support/prometheus.js';
import { imageRuntime } from './image-runtime.js';
import { rangeRequest, type RangeRequest } from './range-request.js';

/** What a program of its own is to ask, and nothing else. */
export interface BareTask {
  readonly kubeconfig: string;
  /** Of Prometheus. */
  readonly reads: readonly RangeRequest[];
  /** Paths of kube-apiserver whose changes are followed meanwhile. */
  readonly watched: readonly string[];
  /** In the order of the lists: what one list has makes what the next is about. */
  readonly writes: readonly (readonly BareWrite[])[];
}

export interface BareWrite {
  readonly method: 'POST' | 'PATCH';
  readonly type: 'application/json' | 'application/json-patch+json' | 'application/apply-patch+yaml';
  readonly path: string;
  readonly body: string;
}

/** What the task cost whoever has it done. */
export interface BareCost {
  readonly cpuMs: number;
  readonly requests: number;
  readonly events: number;
}

/** What was asked and written, and of which kinds the writes are. */
export interface BareWork {
  /** The URL of Prometheus, and what it was asked. */
  readonly prometheus: string;
  readonly queries: readonly PrometheusQuery[];
  /** Of the audit log. */
  readonly writes: readonly Request[];
  readonly kinds: readonly Kind[];
}

/**
 * The floor under an operator's CPU time on the Node.js of its image: a client that sends what the operator sent, parses what is
 * answered and what watches tell, and does nothing with it. Nothing of what the operator wrote may be there any more.
 */
export async function bareCost(
  { kubeconfig }: Pick<Cluster, 'kubeconfig'>,
  { prometheus, queries, writes, kinds }: BareWork,
): Promise<BareCost> {
  const task: BareTask = {
    kubeconfig,
    reads: queries.map((query) => rangeRequest(prometheus, query)),
    watched: kinds.map((kind) => pathOf(kind, {})),
    writes: [writes.filter(({ verb }) => verb === 'create'), writes.filter(({ verb }) => verb === 'patch')].map(
      (list) => list.map(bareWrite),
    ),
  };
  const { node, env, operatorFlags } = await imageRuntime();
  const child = fork(join(import.meta.dirname, 'bare-client-program.ts'), {
    execPath: node,
    execArgv: [...operatorFlags, '--import', 'tsx'],
    env: { ...process.env, ...env },
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the bare client ended with ${String(code)}`);
  });
  try {
    child.send(task);
    const [cost] = (await Promise.race([once(child, 'message'), failed])) as [BareCost];
    return cost;
  } finally {
    failed.catch(() => undefined);
    child.kill();
  }
}

/** The same again: of an object that was made anew the UID is another one. */
function bareWrite({ verb, requestURI: path, requestObject }: Request): BareWrite {
  if (Array.isArray(requestObject)) {
    const body = JSON.stringify(requestObject.filter(({ op }: JsonPatchOperation) => op !== 'test'));
    return { method: 'PATCH', type: 'application/json-patch+json', path, body };
  }
  const { metadata, ...rest } = requestObject as { readonly metadata: Readonly<Record<string, unknown>> };
  const { uid: _, ...others } = metadata;
  const body = JSON.stringify({ ...rest, metadata: others });
  return verb === 'create'
    ? { method: 'POST', type: 'application/json', path, body }
    : { method: 'PATCH', type: 'application/apply-patch+yaml', path, body };
}
