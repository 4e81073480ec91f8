import { OptimizationPolicy } from '../api/index.js';
import type { Installation } from '../apply/index.js';
import {
  defineController,
  Deployment,
  eventUses,
  LimitRangeKind,
  Namespace,
  NodeKind,
  PodKind,
  ResourceQuotaKind,
  use,
  type ControllerDefinition,
} from '../kube/index.js';
import { webhookProofUses } from './webhook-proof.js';
import { WORKLOADS } from './workloads.js';

/** Gives running pods what new pods get: in place, by eviction, by one rolling restart. */
export const podResourcesController = defineController(Deployment, {
  name: 'podresources',
  uses: {
    policies: use(OptimizationPolicy, ['watch']),
    namespaces: use(Namespace, ['watch'], { metadataOnly: true }),
    ...WORKLOADS,
    pods: use(PodKind, ['watch']),
    limitRanges: use(LimitRangeKind, ['watch']),
    quotas: use(ResourceQuotaKind, ['watch']),
    nodes: use(NodeKind, ['watch']),
    resizes: use(PodKind, ['patch'], {
      subresource: 'resize',
      rarely: 'only where a running pod does not have what new pods get, and policies allow it',
    }),
    evictions: use(PodKind, ['create'], {
      subresource: 'eviction',
      rarely: 'only where a pod cannot be resized in place, and its policy says allowRecreate',
    }),
    ...webhookProofUses,
    ...eventUses(),
  },
});

/** With the rights that an installation wants to give. */
export function podResourcesIn({ inPlaceResize, recreate }: Installation): ControllerDefinition {
  const { resizes, evictions, ...uses } = podResourcesController.uses;
  return {
    ...podResourcesController,
    uses: { ...uses, ...(inPlaceResize ? { resizes } : {}), ...(recreate ? { evictions } : {}) },
  };
}
