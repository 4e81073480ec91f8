import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Cluster } from '../kit/index.js';
import type { Request } from '../support/audit.js';
import type { PrometheusQuery } from '../support/prometheus.js';
import { imageRuntime } from './image-runtime.js';

/** What a program of its own is to ask, and nothing else. */
export interface BareTask {
  readonly kubeconfig: string;
  /** Of Prometheus, by POST. */
  readonly reads: readonly { readonly url: string; readonly form: string }[];
  /** Paths of kube-apiserver whose changes are followed meanwhile. */
  readonly watched: readonly string[];
  /** In the order of the lists: what one list has makes what the next is about. */
  readonly writes: readonly (readonly BareWrite[])[];
}

interface BareWrite {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly body: string;
}

/** What the task cost whoever has it done. */
export interface BareCost {
  readonly cpuMs: number;
  readonly requests: number;
  readonly events: number;
}

/** Kinds that the writes are about, and that are watched. */
const RECOMMENDATIONS = '/apis/optipod.io/v1alpha1/workloadrecommendations';
const DEPLOYMENTS = '/apis/apps/v1/deployments';

/**
 * The floor under an operator's CPU time on the Node.js of its image: a client that sends what the operator sent, parses what is
 * answered and what watches tell, and does nothing with it. Nothing of what the operator wrote may be there any more.
 * @param made writes of WorkloadRecommendations and Deployments, from the audit log
 */
export async function bareCost(
  { kubeconfig }: Pick<Cluster, 'kubeconfig'>,
  prometheus: string,
  queries: readonly PrometheusQuery[],
  made: readonly Request[],
): Promise<BareCost> {
  const task: BareTask = {
    kubeconfig,
    reads: queries.map(({ query, start, end, step }) => ({
      url: `${prometheus}/api/v1/query_range`,
      form: new URLSearchParams({ query, start, end, step: String(step) }).toString(),
    })),
    watched: [RECOMMENDATIONS, DEPLOYMENTS],
    writes: [
      made.filter(({ verb }) => verb === 'create'),
      made.filter(({ verb, objectRef }) => verb === 'patch' && objectRef?.subresource === 'status'),
      made.filter(({ verb, objectRef }) => verb === 'patch' && objectRef?.subresource === undefined),
    ].map((list) => list.map(bareWrite)),
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
function bareWrite({ verb, requestURI, requestObject }: Request): BareWrite {
  const { metadata, ...rest } = requestObject as { readonly metadata: Readonly<Record<string, unknown>> };
  const { uid: _, ...others } = metadata;
  const body = JSON.stringify({ ...rest, metadata: others });
  return { method: verb === 'create' ? 'POST' : 'PATCH', path: requestURI, body };
}
