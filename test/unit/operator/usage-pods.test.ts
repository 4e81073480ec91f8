import { expect } from 'chai';
import type { KubeObject } from 'optipod/kube';
import type { Informer } from '../../../operator/runtime/index.js';
import { UsageHistory } from '../../../operator/usage/history.js';
import { followPods, seenPod, type SeenPod } from '../../../operator/usage/pods.js';
import { DAY, START, WEB } from './usage-world.js';

type Listener<T> = Parameters<Informer<T & KubeObject>['onEvent']>[0];

/** Pods that come and go as the test says, and a history that nobody reads anything into. */
function idle() {
  const listeners: Listener<SeenPod>[] = [];
  const workloads = [WEB];
  const history = new UsageHistory({ workloads: () => workloads, peakWindow: 14 * DAY });
  const wall = { seconds: START };
  followPods({
    pods: { onEvent: (one: Listener<SeenPod>) => listeners.push(one) } as unknown as Informer<SeenPod>,
    evictions: { onEvent: () => undefined } as unknown as Informer<KubeObject>,
    histories: [history],
    now: () => wall.seconds * 1000,
  });
  const tell = (type: 'added' | 'deleted', name: string, kind: string, owner: string, isKilled: boolean) => {
    const controller = { apiVersion: 'v1', kind, name: owner, uid: 'r', controller: true };
    const killed = { terminated: { reason: 'OOMKilled', finishedAt: new Date(wall.seconds * 1000).toISOString() } };
    const object = seenPod({
      metadata: {
        ...{ namespace: 'shop', name, uid: name, resourceVersion: '1', creationTimestamp: '2026-03-01T10:00:00Z' },
        ownerReferences: [controller],
      },
      spec: { containers: [{ name: 'app', resources: { limits: { memory: '100Mi' } } }] },
      status: { containerStatuses: isKilled ? [{ name: 'app', state: killed }] : [] },
    });
    for (const listener of listeners) listener({ type, object });
  };
  return {
    ...{ history, workloads, wall },
    comesAndGoes: (name: string, kind: string, owner: string, isKilled = false) => {
      tell('added', name, kind, owner, isKilled);
      tell('deleted', name, kind, owner, isKilled);
    },
    isKnown: (name: string) => history.owners.certain('shop', name, history.namesIn('shop')) !== undefined,
  };
}

describe('pods, where nobody reads usage', () => {
  it('B-MET-3 those of Jobs that come and go for days leave nothing behind', () => {
    const { comesAndGoes, wall, isKnown } = idle();
    const names = Array.from({ length: 48 }, (_, hour) => `job-${hour}`);
    for (const name of names) {
      comesAndGoes(name, 'Job', name);
      expect(isKnown(name)).to.equal(true);
      wall.seconds += 3600;
    }
    expect(names.filter(isKnown).length).to.be.at.most(2);
  });

  it('B-REC-5 kills are forgotten with the workload, and not before', () => {
    const { comesAndGoes, wall, workloads, history } = idle();
    comesAndGoes('web-7d4b9c6f5d-x2k9z', 'ReplicaSet', 'web-7d4b9c6f5d', true);
    wall.seconds += 3600;
    comesAndGoes('job-1', 'Job', 'job-1');
    expect(history.size).to.equal(1);
    workloads.pop();
    wall.seconds += 3600;
    comesAndGoes('job-2', 'Job', 'job-2');
    expect(history.size).to.equal(0);
  });
});
