import { expect } from 'chai';
import type { JsonPatchOperation, OwnerReference } from 'optipod/kube';
import type { WorkloadReport } from 'optipod/lib/recommend';
import { tell, type RecommendationAccess, type Told } from '../../../operator/workloads/recommendation.js';
import { applyPatch } from '../../support/json-patch.js';

const OWNER: OwnerReference = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: 'web',
  uid: 'u-web',
  blockOwnerDeletion: false,
};

const REPORT: WorkloadReport = {
  metadata: { name: 'deployment-web', namespace: 'shop', ownerReferences: [OWNER] },
  spec: {
    workload: { kind: 'Deployment', name: 'web', uid: 'u-web' },
    policy: { namespace: 'shop', name: 'all', uid: 'u-all' },
  },
  status: { summary: { workload: 'Deployment/web', state: 'Recommended', reason: 'Recommend' } },
};

/** What was told of one workload, and the writes that were asked for. */
class World {
  readonly writes: string[] = [];
  told: Told | undefined;

  /** Tells it of what is in memory, be it as it was. */
  async tell(report: WorkloadReport, before = this.told): Promise<void> {
    await tell(this.#access, before, report);
  }

  /** Somebody makes it another. */
  amend(metadata: Partial<Told['metadata']>): void {
    if (!this.told) throw new Error('nothing was told yet');
    this.told = { ...this.told, metadata: { ...this.told.metadata, ...metadata } };
  }

  readonly #access: RecommendationAccess = {
    get: () => this.told,
    create: (draft) => {
      this.writes.push('create');
      const metadata = { uid: 'u-told', resourceVersion: '1', creationTimestamp: '' };
      this.told = structuredClone({ ...draft, metadata: { ...draft.metadata, ...metadata } }) as unknown as Told;
      return Promise.resolve(this.told);
    },
    patch: (_, body) => {
      const operations = body as JsonPatchOperation[];
      this.writes.push(operations.map(({ op, path }) => `${op} ${path}`).join(', '));
      this.told = applyPatch(this.told, operations) as Told;
      return Promise.resolve(this.told);
    },
  };
}

describe('what is told of a workload', () => {
  let world: World;

  beforeEach(async () => {
    world = new World();
    await world.tell(REPORT);
  });

  const owners = () => world.told?.metadata.ownerReferences;

  it('B-OBS-1 is one write, and none where a reader would notice nothing', async () => {
    expect(world.writes).to.deep.equal(['create']);
    expect(world.told).to.deep.include({ spec: REPORT.spec, status: REPORT.status });
    await world.tell(REPORT);
    expect(world.writes).to.have.length(1);
  });

  it('B-OBS-1 is changed as a whole: nothing stays that is told no more', async () => {
    const { spec } = REPORT;
    const policy = { ...spec.policy, name: 'other', uid: 'u-other' };
    const status = { summary: { workload: 'Deployment/web', state: 'Held' } };
    await world.tell({ ...REPORT, spec: { ...spec, policy }, status });
    expect(world.writes).to.deep.equal(['create', 'test /metadata/uid, add /spec, add /status']);
    expect(world.told).to.deep.include({ spec: { ...spec, policy }, status });
  });

  it('B-OPR-1 does nothing to an object that was made since under its name', async () => {
    const before = world.told;
    world.amend({ uid: 'u-later' });
    const status = { summary: { state: 'Held' } };
    const problem = await world.tell({ ...REPORT, status }, before).catch((error: unknown) => String(error));
    expect(problem).to.include('/metadata/uid is another');
    expect(world.told?.status).to.deep.equal(REPORT.status);
  });

  it('B-OBS-1 belongs to the workload besides owners that others gave it, and no longer to a namesake', async () => {
    const others = { apiVersion: 'v1', kind: 'ConfigMap', name: 'list', uid: 'u-list' };
    const namesake = { ...OWNER, uid: 'u-before' };
    world.amend({ ownerReferences: [namesake, others] });
    await world.tell(REPORT);
    expect(owners()).to.deep.equal([others, OWNER]);
  });

  it('B-OBS-1 keeps nobody from deleting the workload, whatever somebody made of it, and is written once for that', async () => {
    const blocking = { ...OWNER, blockOwnerDeletion: true };
    world.amend({ ownerReferences: [blocking] });
    await world.tell(REPORT);
    await world.tell(REPORT);
    expect(owners()).to.deep.equal([OWNER]);
    expect(world.writes).to.have.length(2);
  });
});
