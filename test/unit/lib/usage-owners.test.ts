import { expect } from 'chai';
import { PodOwners, WorkloadNames, type NamedWorkload } from 'optipod/lib/usage';

const web: NamedWorkload = { kind: 'Deployment', name: 'web' };
const webApi: NamedWorkload = { kind: 'Deployment', name: 'web-api' };
const db: NamedWorkload = { kind: 'StatefulSet', name: 'db' };
const names = new WorkloadNames([web, webApi, db]);
const POD = 'web-7d4b9c6f5d-x2k9z';

describe('owners of pods', () => {
  it('B-MET-2 what kube-state-metrics told, else as seen, else the pattern of the name, else none', () => {
    const owners = new PodOwners();
    const likely = () => owners.likely('shop', POD, names);
    expect(likely()).to.deep.equal(web);
    expect(owners.certain('shop', POD, names)).to.equal(undefined);
    owners.seen('shop', POD, db);
    expect(likely()).to.deep.equal(db);
    owners.told('shop', POD, { kind: 'ReplicaSet', name: 'web-api-7d4b9c6f5d' });
    expect(likely()).to.deep.equal(webApi);
    expect(owners.likely('elsewhere', 'stranger-0', names)).to.equal(undefined);
  });

  it("B-MET-2 a Job's pod is nobody's, whatever it is called", () => {
    const owners = new PodOwners();
    owners.told('shop', POD, { kind: 'Job', name: 'web' });
    expect(owners.likely('shop', POD, names)).to.equal('stranger');
    owners.seen('shop', 'db-0', 'stranger');
    expect(owners.likely('shop', 'db-0', names)).to.equal('stranger');
  });

  it('B-MET-2 a ReplicaSet that could be of two Deployments is of none', () => {
    const owners = new PodOwners();
    owners.told('shop', 'p', { kind: 'ReplicaSet', name: 'web-bcd-fgh' });
    const two = new WorkloadNames([{ kind: 'Deployment', name: 'web-bcd' } as const, web]);
    expect(owners.certain('shop', 'p', two)).to.deep.equal({ kind: 'Deployment', name: 'web-bcd' });
    owners.told('shop', 'q', { kind: 'ReplicaSet', name: 'api-bcd' });
    expect(owners.certain('shop', 'q', two)).to.equal(undefined);
  });

  it('forgets pods that left, once their usage is forgotten too', () => {
    const owners = new PodOwners();
    owners.seen('shop', 'db-0', db);
    owners.seen('shop', 'db-1', db);
    owners.left('shop', 'db-1');
    owners.forget(10_000, 3600, () => true);
    expect(owners.certain('shop', 'db-1', names)).to.deep.equal(db);
    owners.forget(20_000, 3600, () => false);
    expect(owners.certain('shop', 'db-1', names)).to.equal(undefined);
    expect(owners.certain('shop', 'db-0', names)).to.deep.equal(db);
  });
});
