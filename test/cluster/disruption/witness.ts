import { createInformer, type KubeClient } from '@optipod/operator/runtime';
import { Deployment, type WorkloadObject } from 'optipod/kube';
import { readInjection } from 'optipod/lib/api';
import { rolloutObstacle } from 'optipod/lib/apply';
import { RESTARTED_AT, WORKLOAD_PROJECTIONS } from '../../../operator/workloads/workload.js';

/** One version of a Deployment, as far as restarts go. */
export interface Version {
  /** `<namespace>/<name>`. */
  readonly workload: string;
  readonly uid: string;
  /** What new pods are given, and on which policy's authority; undefined where nothing is. */
  readonly said: string | undefined;
  /** `<namespace>/<name>`; undefined likewise. */
  readonly policy: string | undefined;
  readonly restartedAt: string | undefined;
  /** Why its pods were not to be replaced then: a rollout under way, a pause. */
  readonly obstacle: string | undefined;
  /** When it was seen: milliseconds since 1970. */
  readonly seenAt: number;
}

/** Sees every version of every Deployment in the order in which they were stored, which no audit log tells. */
export class Witness {
  readonly versions: Version[] = [];
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  async start(client: KubeClient): Promise<void> {
    const informer = createInformer(client, Deployment, { project: versionOf });
    informer.onEvent((event) => {
      if (event.type !== 'deleted') this.versions.push(event.object);
    });
    this.#running = informer.run(this.#stop.signal);
    await informer.synced;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** The policy that stood behind a workload all the while; undefined where it changed, or none did. */
  policyAround(workload: string, from: number, to: number): string | undefined {
    const own = this.versions.filter((version) => version.workload === workload && version.seenAt <= to);
    const before = own.findLastIndex(({ seenAt }) => seenAt < from);
    const policies = new Set(own.slice(Math.max(0, before)).map(({ policy }) => policy));
    return policies.size === 1 ? [...policies][0] : undefined;
  }
}

function versionOf(object: WorkloadObject): Version {
  const { metadata, spec } = object;
  const injection = readInjection(metadata.annotations);
  return {
    workload: `${metadata.namespace ?? ''}/${metadata.name}`,
    uid: metadata.uid,
    said: injection && JSON.stringify([injection.policyUid, ...injection.containers]),
    policy: injection?.policy,
    restartedAt: spec.template.metadata?.annotations?.[RESTARTED_AT],
    obstacle: rolloutObstacle(WORKLOAD_PROJECTIONS.Deployment(object), { singleReplica: true })?.reason,
    seenAt: Date.now(),
  };
}
