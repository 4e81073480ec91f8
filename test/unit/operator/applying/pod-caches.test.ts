import { expect } from 'chai';
import type { Pod } from 'optipod/kube';
import { writeAnnotations } from 'optipod/lib/api';
import { workloadOfPod } from 'optipod/lib/pod';
import { resizeDiscovery } from '../../../../operator/applying/pods/resize-discovery.js';
import { memoryInEffect } from '../../../../operator/policies/memory-in-effect.js';
import { workloadPods } from '../../../../operator/workloads/workload-pods.js';
import type { Workload } from '../../../../operator/workloads/workload.js';
import type { InformerEvent } from '../../../../operator/runtime/index.js';
import { seenPod, type SeenPod } from '../../../../operator/usage/pods.js';
import { policyOf } from '../../lib/policies.js';

const owner = (kind: string, name: string) => ({
  apiVersion: 'apps/v1',
  kind,
  name,
  uid: `${name}-uid`,
  controller: true,
});

function pod(name: string, ownedBy: ReturnType<typeof owner>, more: Partial<Pod> = {}): Pod {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      resourceVersion: '1',
      creationTimestamp: '2026-03-01T12:00:00Z',
      labels: { app: 'web', 'pod-template-hash': 'abc' },
      ownerReferences: [ownedBy],
    },
    spec: { containers: [{ name: 'app', image: 'registry/app:1' }] },
    ...more,
  };
}

/** The pods of workloads, as the events that `handler` is given say. */
function cache() {
  let handler: (event: InformerEvent<SeenPod>) => unknown = () => undefined;
  const changed: string[] = [];
  const source = {
    onEvent: (given: typeof handler) => {
      handler = given;
      return () => undefined;
    },
  };
  const pods = workloadPods(source, (key, isFirstList) => changed.push(`${key} ${isFirstList}`));
  const names = (key: string) => pods.of(key).map(({ metadata }) => metadata.name);
  return { pods, changed, handler, names };
}

describe('whose pods are whose', () => {
  it('B-WEB-2 a pod says itself: of a Deployment by the hash that is in the name of its ReplicaSet', () => {
    const labels = { 'pod-template-hash': 'abc' };
    const of = (kind: string, name: string, given: Record<string, string> = labels) =>
      workloadOfPod({ labels: given, ownerReferences: [owner(kind, name)] });
    expect(of('ReplicaSet', 'web-abc')).to.deep.equal({ kind: 'Deployment', name: 'web' });
    expect(of('ReplicaSet', 'web-x-abc')).to.deep.equal({ kind: 'Deployment', name: 'web-x' });
    // One that stands alone, be it called like another's.
    expect(of('ReplicaSet', 'web-abc', {})).to.equal(undefined);
    expect(of('ReplicaSet', 'web-abcd')).to.equal(undefined);
    expect(of('StatefulSet', 'db')).to.include({ kind: 'StatefulSet', name: 'db' });
    expect(of('Job', 'once')).to.equal(undefined);
  });

  it('B-FRM-2 pods are found by their workload, come and go with the cache, and every change has it looked at', () => {
    const { pods, changed, handler, names } = cache();
    const first = seenPod(pod('web-abc-1', owner('ReplicaSet', 'web-abc')));
    handler({ type: 'added', object: first, initial: true });
    handler({ type: 'added', object: seenPod(pod('web-abc-2', owner('ReplicaSet', 'web-abc'))) });
    handler({ type: 'added', object: seenPod(pod('db-0', owner('StatefulSet', 'db'))) });
    handler({ type: 'added', object: seenPod(pod('once-1', owner('Job', 'once'))) });
    expect(names('Deployment/shop/web')).to.deep.equal(['web-abc-1', 'web-abc-2']);
    expect(names('StatefulSet/shop/db')).to.deep.equal(['db-0']);
    handler({ type: 'deleted', object: first });
    expect(names('Deployment/shop/web')).to.deep.equal(['web-abc-2']);
    // Of a StatefulSet's pod that was made anew nobody may tell that the one before is gone.
    const before = seenPod(pod('db-0', owner('StatefulSet', 'db')));
    const after = { ...before, metadata: { ...before.metadata, uid: 'another' } };
    handler({ type: 'updated', previous: before, object: after });
    expect(pods.of('StatefulSet/shop/db').map(({ metadata }) => metadata.uid)).to.deep.equal(['another']);
    expect(changed).to.deep.equal([
      'Deployment/shop/web true',
      'Deployment/shop/web false',
      'StatefulSet/shop/db false',
      'Deployment/shop/web false',
      'StatefulSet/shop/db false',
    ]);
  });

  it('B-APP-6 B-APP-7 B-REC-6 a pod that its workload released, for it was relabelled, is not its pod any more', () => {
    const { changed, handler, names } = cache();
    const owned = pod('web-abc-1', owner('ReplicaSet', 'web-abc'));
    const { ownerReferences: _, ...free } = owned.metadata;
    const [before, released] = [seenPod(owned), seenPod({ ...owned, metadata: { ...free, labels: { app: 'debug' } } })];
    handler({ type: 'added', object: before });
    handler({ type: 'updated', previous: before, object: released });
    expect(names('Deployment/shop/web')).to.deep.equal([]);
    // What waited for it, be it a gradual decrease, goes on without it.
    expect(changed).to.deep.equal(['Deployment/shop/web false', 'Deployment/shop/web false']);
    handler({ type: 'deleted', object: released });
    expect(changed).to.have.length(2);
    // Adopted by another it is that one's.
    const adopted = seenPod(pod('web-abc-1', owner('StatefulSet', 'db')));
    handler({ type: 'added', object: before });
    handler({ type: 'updated', previous: before, object: adopted });
    expect([names('Deployment/shop/web'), names('StatefulSet/shop/db')]).to.deep.equal([[], ['web-abc-1']]);
  });

  it('B-REC-6 a pod that is over, and stays for somebody to look at it, keeps no step of a decrease from being in effect', () => {
    const { pods, changed, handler } = cache();
    const running = (name: string, memory: string) =>
      pod(name, owner('ReplicaSet', 'web-abc'), {
        spec: { containers: [{ name: 'app', resources: { requests: { memory } } }] },
        status: { phase: 'Running' },
      });
    const before = running('web-abc-1', '128Mi');
    handler({ type: 'added', object: seenPod(before) });
    handler({ type: 'added', object: seenPod(running('web-abc-2', '116Mi')) });
    const web = {
      kind: 'Deployment',
      metadata: {
        namespace: 'shop',
        name: 'web',
        annotations: writeAnnotations({
          policy: { namespace: 'shop', name: 'web', uid: 'uid-web' },
          lastRecommendation: '2026-03-01T12:00:00Z',
          strategy: 'webhook',
          containers: new Map([['app', { requests: { memory: '116Mi' } }]]),
        }),
      },
    } as unknown as Workload;
    const inEffect = () => [...memoryInEffect(web, policyOf({}), pods.staying(web))];
    expect(inEffect()).to.deep.equal([]);
    for (const phase of ['Failed', 'Succeeded']) {
      const over = { ...before, status: { phase } };
      handler({ type: 'updated', previous: seenPod(before), object: seenPod(over) });
      expect(inEffect(), phase).to.deep.equal(['app']);
      expect(changed.at(-1)).to.equal('Deployment/shop/web false');
      handler({ type: 'updated', previous: seenPod(over), object: seenPod(before) });
    }
  });

  it('little is kept of a pod: nothing of the statuses of containers that are well', () => {
    const resources = { requests: { cpu: '100m', memory: '64Mi' } };
    const seen = seenPod(
      pod('web-abc-1', owner('ReplicaSet', 'web-abc'), {
        spec: {
          nodeName: 'node',
          containers: [
            {
              name: 'app',
              image: 'registry/app:1',
              resources,
              resizePolicy: [
                { resourceName: 'cpu', restartPolicy: 'NotRequired' },
                { resourceName: 'memory', restartPolicy: 'RestartContainer' },
              ],
            },
            { name: 'crashing' },
          ],
        },
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            { name: 'app', restartCount: 0, resources, allocatedResources: resources.requests },
            {
              name: 'crashing',
              restartCount: 3,
              state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
            },
          ],
        },
      }),
    );
    expect(seen).to.deep.include({
      isReady: false,
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'crashing', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        initContainerStatuses: [],
      },
    });
    expect(seen.spec.containers[0]).to.deep.equal({
      name: 'app',
      resources,
      resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
    });
    expect(seen.resize).to.equal(undefined);
  });

  it('B-APP-6 pods/resize is found by discovery, once where it is there, and looked for again where it is not', async () => {
    let asked = 0;
    let resources: readonly string[] = ['pods'];
    let now = 0;
    const canResize = resizeDiscovery(
      { discover: () => Promise.resolve((asked += 1) > 0 ? resources : []) },
      () => now,
    );
    expect([await canResize(), await canResize(), asked]).to.deep.equal([false, false, 1]);
    resources = ['pods', 'pods/resize'];
    now += 600_000;
    expect([await canResize(), asked]).to.deep.equal([true, 2]);
    now += 6_000_000;
    expect([await canResize(), asked]).to.deep.equal([true, 2]);
  });
});
