import type { LimitRange, ResourceQuota } from 'optipod/kube';
import type { NodeCapacity } from '../../constraints.js';
import type { Controller, Informer, KubeClient } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';
import { standingReport, statusOf, type Told, type ToldRecommendations } from '../../workloads/recommendation.js';
import { PodsApplications, type PodsApplication } from './applications.js';
import type { PodResourcesContext } from './context.js';
import { podResources } from './controller.js';
import { Memories } from './memory.js';
import { resizeDiscovery } from './resize-discovery.js';
import { connectPodTriggers } from './triggers.js';

export interface PodResourcesWiring extends Pick<
  PodResourcesContext,
  'cluster' | 'pods' | 'gate' | 'installation' | 'webhookReady' | 'stopped' | 'event' | 'evaluateSoon' | 'now'
> {
  /** What is told of workloads: which of them go back to what they had. */
  readonly recommendations: ToldRecommendations & { readonly informer: Pick<Informer<Told>, 'onEvent'> };
  /** To what the controller declares. */
  readonly access: PodResourcesContext['writers'] &
    Pick<PodResourcesContext, 'resizes' | 'evictions'> & {
      readonly pods: { readonly informer: Informer<SeenPod> };
      readonly nodes: { readonly informer: Informer<NodeCapacity> };
      readonly limitRanges: { readonly informer: Informer<LimitRange> };
      readonly quotas: { readonly informer: Informer<ResourceQuota> };
    };
  readonly client: Pick<KubeClient, 'discover'>;
}

/** The controller, and what it has to tell of a workload: `<kind>/<namespace>/<name>`. */
export interface PodResources {
  readonly controller: Controller;
  readonly of: (workload: string) => PodsApplication | undefined;
}

/** The controller of running pods, with its caches and triggers. */
export function podResourcesFor({ access, client, recommendations, ...rest }: PodResourcesWiring): PodResources {
  const { cluster, now } = rest;
  const memories = new Memories();
  const applications = new PodsApplications();
  const nodes = access.nodes.informer;
  const limitRanges = access.limitRanges.informer;
  const controller: Controller = podResources({
    ...rest,
    limitRanges,
    quotas: access.quotas.informer,
    memories,
    applications,
    applyingOf: (workload) => {
      const told = standingReport(recommendations, { kind: workload.kind, ...workload.metadata });
      return statusOf(told, workload)?.applying;
    },
    canResize: resizeDiscovery(client, now),
    writers: access,
    resizes: access.resizes,
    evictions: access.evictions,
    nodeOf: ({ spec }) => JSON.stringify(nodes.get(undefined, spec.nodeName ?? '') ?? null),
  });
  connectPodTriggers({ cluster, recommendations: recommendations.informer, nodes, limitRanges, memories }, controller);
  return { controller, of: (workload) => applications.of(workload) };
}
