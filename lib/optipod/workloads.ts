import { DaemonSet, Deployment, StatefulSet, use } from '../kube/index.js';

/** Server-side apply of annotations is a patch, and so is a rolling restart. */
export const WORKLOADS = {
  Deployment: use(Deployment, ['watch', 'patch']),
  StatefulSet: use(StatefulSet, ['watch', 'patch']),
  DaemonSet: use(DaemonSet, ['watch', 'patch']),
};
