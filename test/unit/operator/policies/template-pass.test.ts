import { expect } from 'chai';
import { policyOf } from '../../lib/policies.js';
import { deployment, PassWorld } from './pass-world.js';

const RICH = {
  OPTIPOD_POLICY_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_NAMESPACE_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_CLUSTER_DISRUPTIONS_PER_HOUR: '100000',
};

describe('a pass of a policy that writes to templates', () => {
  for (const [reason, spec] of [
    ['SingleReplica', { replicas: 1 }],
    ['RolloutPaused', { paused: true }],
    ['OnDelete', { strategy: { type: 'OnDelete' } }],
    ['Partitioned', { updateStrategy: { rollingUpdate: { partition: 1 } } }],
  ] as const) {
    it(`B-API-8 B-OPR-3 is not repeated before its interval for a workload that is ${reason}`, async () => {
      const world = new PassWorld({
        policies: [policyOf({ reconciliationInterval: '1h', updateStrategy: { strategy: 'ssa' } })],
        workloads: [deployment('web', spec)],
        env: RICH,
      });
      await world.pass();
      expect(world.of('web').summary).to.include({ reason });
      expect(world.soon).to.deep.equal([]);
    });
  }
});
