import { DaemonSet, Deployment, PodKind, StatefulSet, use } from '../kube/index.js';

const rarely = 'only before pods are replaced that are to get their resources from the webhook';

/**
 * To see the webhook mutate before pods are replaced for its sake: a pod made of the workload's own template is created as a dry
 * run. Nothing else is ever created with this right, and it grants nothing new: whoever may patch workloads has pods made as he
 * likes.
 */
export const webhookProofUses = {
  newborns: use(PodKind, ['create'], { rarely }),
  deploymentTemplates: use(Deployment, ['get'], { rarely }),
  statefulSetTemplates: use(StatefulSet, ['get'], { rarely }),
  daemonSetTemplates: use(DaemonSet, ['get'], { rarely }),
};
