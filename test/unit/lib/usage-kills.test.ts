import { expect } from 'chai';
import type { Pod } from 'optipod/kube';
import { ContainerHistory, oomKillsOf, oomKillsOfEviction, type EvictionEvent } from 'optipod/lib/usage';
import { seenPod } from '../../../operator/usage/pods.js';

const FINISHED = '2026-03-01T10:00:00Z';
const AT = Date.parse(FINISHED) / 1000;
const DAY = 86_400;

const metadata = { name: 'web-1', namespace: 'shop', uid: 'u1', resourceVersion: '1', creationTimestamp: FINISHED };

function pod(
  status: NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number],
  resources: Pod['spec']['containers'][number]['resources'] = { limits: { memory: '256Mi' } },
): Pod {
  return { metadata, spec: { containers: [{ name: 'web', resources }] }, status: { containerStatuses: [status] } };
}

const killed = { terminated: { reason: 'OOMKilled', finishedAt: FINISHED } };
const kill = { id: `u1/web/${AT}`, pod: 'web-1', at: AT, bytes: 256 * 2 ** 20 };
const expected = [{ namespace: 'shop', pod: 'web-1', container: 'web', kill }];

function eviction(annotations: Record<string, string>, reason = 'Evicted'): EvictionEvent {
  return {
    metadata: { ...metadata, name: 'web-1.17', annotations },
    reason,
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'u1' },
    lastTimestamp: FINISHED,
  };
}

describe('OOM kills', () => {
  it('B-REC-5 a container that is down, and one that was started again, each tell of the kill', () => {
    expect(oomKillsOf(pod({ name: 'web', state: killed }))).to.deep.equal(expected);
    expect(oomKillsOf(pod({ name: 'web', lastState: killed }))).to.deep.equal(expected);
    expect(
      oomKillsOf(pod({ name: 'web', lastState: { terminated: { reason: 'Error', finishedAt: FINISHED } } })),
    ).to.deep.equal([]);
    expect(oomKillsOf({ ...pod({ name: 'web' }), status: {} })).to.deep.equal([]);
  });

  it('B-REC-5 it was killed at its limit as it was resized to, or else at what it used or asked for', () => {
    const bytes = (of: Pod, seen?: () => number | undefined) => oomKillsOf(of, seen).map((one) => one.kill.bytes);
    const resized = { name: 'web', lastState: killed, resources: { limits: { memory: '300Mi' } } };
    expect(bytes(pod(resized))).to.deep.equal([300 * 2 ** 20]);
    const unlimited = pod({ name: 'web', lastState: killed }, { requests: { memory: '100Mi' } });
    expect(bytes(unlimited, () => 120 * 2 ** 20)).to.deep.equal([120 * 2 ** 20]);
    expect(bytes(unlimited, () => 50 * 2 ** 20)).to.deep.equal([100 * 2 ** 20]);
    // Nothing is known of what it had: no floor comes from that.
    expect(bytes(pod({ name: 'web', lastState: killed }, {}))).to.deep.equal([]);
  });

  it('B-REC-5 what it had before a resize is not told any more: a raised limit is nothing it was killed at', () => {
    const resizedAt = (time: string) => {
      const raised = pod({ name: 'web', lastState: killed, resources: { limits: { memory: '300Mi' } } });
      const managers = [
        { manager: 'kubelet', subresource: 'status', time: '2026-03-01T11:00:00Z' },
        { manager: 'optipod', subresource: 'resize', time },
      ];
      return oomKillsOf(seenPod({ ...raised, metadata: { ...metadata, managedFields: managers } }));
    };
    expect(resizedAt('2026-03-01T10:00:01Z')).to.deep.equal([]);
    // It was killed with what it got.
    expect(resizedAt('2026-03-01T09:59:59Z').map((one) => one.kill.bytes)).to.deep.equal([300 * 2 ** 20]);
  });

  it('B-REC-5 sidecars are killed like containers', () => {
    const sidecar = {
      metadata,
      spec: {
        containers: [],
        initContainers: [{ name: 'proxy', restartPolicy: 'Always', resources: { limits: { memory: '1Mi' } } }],
      },
      status: { initContainerStatuses: [{ name: 'proxy', state: killed }] },
    };
    expect(oomKillsOf(sidecar).map(({ container, kill: { bytes } }) => [container, bytes])).to.deep.equal([
      ['proxy', 2 ** 20],
    ]);
  });

  it('B-REC-5 an eviction for want of memory names its containers, and what each used', () => {
    const annotations = {
      starved_resource: 'memory',
      offending_containers: 'web,proxy',
      offending_containers_usage: '1024Ki,2Mi',
    };
    expect(
      oomKillsOfEviction(eviction(annotations)).map(({ container, kill: { bytes } }) => [container, bytes]),
    ).to.deep.equal([
      ['web', 2 ** 20],
      ['proxy', 2 ** 21],
    ]);
    const others: EvictionEvent[] = [
      eviction({ ...annotations, starved_resource: 'ephemeral-storage' }),
      eviction({ ...annotations, offending_containers_usage: '1024Ki' }),
      eviction({ starved_resource: 'memory', offending_containers: '', offending_containers_usage: '' }),
      eviction(annotations, 'Killing'),
      eviction({}),
    ];
    for (const other of others) expect(oomKillsOfEviction(other)).to.deep.equal([]);
  });

  describe('as remembered', () => {
    const kills = (...list: { at: number; bytes: number; id?: string }[]) => {
      const history = new ContainerHistory();
      for (const { at, bytes, id = String(at) } of list) history.addOomKill({ id, pod: 'web-1', at, bytes });
      return history;
    };
    const largest = (history: ContainerHistory, now: number, window = 14 * DAY) => {
      history.advance(now, { samples: DAY, peaks: window });
      return history.within({ from: now - DAY, to: now }, now - window).oomKill;
    };

    it('B-REC-5 the largest counts, and expires with its window', () => {
      const list = [
        { at: AT, bytes: 300 },
        { at: AT + DAY, bytes: 200 },
        { at: AT + 2 * DAY, bytes: 250 },
      ];
      for (const order of [list, [...list].reverse()]) {
        const history = kills(...order);
        expect(largest(history, AT + 3 * DAY)).to.deep.equal({ pod: 'web-1', at: AT, bytes: 300 });
        expect(largest(history, AT + 15 * DAY)).to.deep.equal({ pod: 'web-1', at: AT + 2 * DAY, bytes: 250 });
        expect(largest(history, AT + 17 * DAY)).to.equal(undefined);
        expect(history.isEmpty).to.equal(true);
      }
    });

    it('B-REC-5 a kill that is seen again with a raised limit does not feed on itself', () => {
      const history = kills({ id: 'one', at: AT, bytes: 256 });
      expect(history.addOomKill({ id: 'one', pod: 'web-1', at: AT, bytes: 512 })).to.equal(false);
      expect(largest(history, AT + 60)?.bytes).to.equal(256);
    });

    it('a container that dies every minute fills no memory', () => {
      const history = kills(...Array.from({ length: 5000 }, (_, i) => ({ at: AT + i * 60, bytes: 256 })));
      expect(history.oomKills).to.have.length(1);
      expect(largest(history, AT + 5000 * 60)).to.include({ at: AT + 4999 * 60 });
    });
  });
});
