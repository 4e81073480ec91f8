/** The webhook's handlers over TLS in a process of their own, which says what it holds when it is asked: for `startReviewServer`. */
import { writeAnnotations } from 'optipod/lib/api';
import { Registry } from 'prom-client';
import { createAuthority, issueLeaf, silentLogger } from '../../../operator/runtime/index.js';
import { podHandler, type KnownOrFetched } from '../../../webhook/pods.js';
import { admissionApp, serveTls } from '../../../webhook/server/index.js';
import { policiesOfNothing, POLICY, sourcesOf } from '../../unit/webhook/reviews.js';
import { collect } from '../heap.js';
import { REPLICA_SET } from './pod-review.js';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'web-uid', controller: true };

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };
const annotations = writeAnnotations({
  policy: POLICY,
  lastRecommendation: '2026-01-28T10:30:00Z',
  strategy: 'webhook',
  containers: new Map([
    ['web', wanted],
    ['__proto__', wanted],
    ['constructor', wanted],
  ]),
});
const { replicaSets, ...others } = sourcesOf({
  replicaSets: [{ ...REPLICA_SET, ownerReferences: [DEPLOYMENT] }],
  workloads: { Deployment: { namespace: 'shop', name: 'web', uid: 'web-uid', annotations } },
});
/** What is written down of each review would be all that grows. */
const nothing = () => Promise.resolve(undefined);
const unwritten = <T>(objects: KnownOrFetched<T>): KnownOrFetched<T> => ({ ...objects, fetch: nothing });
const pods = podHandler({
  ...others,
  replicaSets: unwritten(replicaSets),
  workloads: {
    Deployment: unwritten(others.workloads.Deployment),
    StatefulSet: unwritten(others.workloads.StatefulSet),
    DaemonSet: unwritten(others.workloads.DaemonSet),
  },
  count: () => undefined,
});

const now = new Date();
const authority = await createAuthority(now);
const certificate = await issueLeaf(authority, ['localhost'], now);
const app = admissionApp([pods, policiesOfNothing()], { log: silentLogger, metrics: new Registry() });
const { port } = await serveTls(app, { host: '127.0.0.1', port: 0, certificate });

process.on('message', () => {
  void collect().then(() => process.send?.({ rss: process.memoryUsage.rss() }));
});
process.send?.({ port, ca: authority.cert });
