import { expect } from 'chai';
import { readPolicy } from 'optipod/lib/api';
import { Cluster, type ClusterCaches } from '../../../operator/cluster.js';
import type { Controller, InformerEvent } from '../../../operator/runtime/index.js';
import { connectTriggers } from '../../../operator/triggers.js';
import type { Workload } from '../../../operator/workloads/workload.js';
import { rolledOut } from '../../support/rolled-out.js';
import { policyOf } from '../lib/policies.js';
import { deployment } from './policies/pass-world.js';

describe('what has a policy evaluated that writes to templates', () => {
  /** How often it is, where a workload becomes another. */
  function evaluations(before: Workload, after: Workload): number {
    let change: (event: InformerEvent<Workload>) => void = () => undefined;
    let count = 0;
    const silent = { list: () => [], get: () => undefined, onEvent: () => () => undefined };
    const policy = readPolicy(policyOf({ updateStrategy: { strategy: 'ssa' } }));
    const caches = {
      policies: { ...silent, list: () => [policy] },
      namespaces: { ...silent, get: () => ({ metadata: { name: 'shop' } }) },
      workloads: {
        Deployment: { ...silent, onEvent: (handler: typeof change) => void (change = handler) },
        StatefulSet: silent,
        DaemonSet: silent,
      },
    };
    const controller = { enqueue: () => undefined } as unknown as Controller;
    connectTriggers(new Cluster(caches as unknown as ClusterCaches, 'optipod-system'), {
      policies: controller,
      workloads: controller,
      evaluateSoon: () => (count += 1),
    });
    change({ type: 'updated', previous: before, object: after });
    return count;
  }

  const fine = deployment('web');
  const rolling = (rollout: Partial<Workload['rollout']>): Workload => ({
    ...fine,
    rollout: { ...fine.rollout, ...rollout },
  });
  const single: Workload = { ...fine, replicas: 1, rollout: rolledOut(1) };

  for (const [what, before, after] of [
    ['a rollout that ends', rolling({ updated: 1 }), fine],
    ['a paused one that is resumed', rolling({ paused: true }), fine],
    ['one that is resumed and not available', rolling({ paused: true }), rolling({ available: 1 })],
    ['a partition that is taken away', rolling({ partition: 2 }), fine],
    ['OnDelete that becomes RollingUpdate', rolling({ type: 'OnDelete' }), fine],
    ['a failed rollout that makes progress', rolling({ failed: true }), rolling({ available: 2 })],
    ['a single replica that is three by now', single, fine],
    ['a single replica that is to be three', single, { ...fine, rollout: rolledOut(1) }],
    ['a single replica whose rollout ends', { ...single, rollout: { ...rolledOut(1), available: 0 } }, single],
  ] as const) {
    it(`B-APP-10 B-API-8 ${what}`, () => {
      expect(evaluations(before, after)).to.equal(1);
    });
  }

  it('B-API-8 not a rollout that begins, or goes on', () => {
    expect(evaluations(fine, rolling({ updated: 1 }))).to.equal(0);
    expect(evaluations(rolling({ updated: 1 }), rolling({ updated: 2 }))).to.equal(0);
    expect(evaluations(rolling({ paused: true }), rolling({ paused: true, available: 1 }))).to.equal(0);
  });
});
