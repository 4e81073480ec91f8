import { expect } from 'chai';
import { isTree, treeAt, type Tree } from '../../documents/tree.js';
import { isWrite } from '../../support/audit.js';
import { LONG_NAME } from './history.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

describe('annotations on workloads', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const POLICY: Name = 'OptimizationPolicy/shop/shop';

  before(async () => {
    await objects().create(namespace('shop'), policy('shop', 'shop'));
  });

  /** A Deployment with what is recommended for it. */
  async function annotated(name: string, over?: Tree): Promise<Name> {
    await objects().create(deployment('shop', name, over));
    await objects().saying(`Deployment/shop/${name}`, 'annotated', ({ managed }) => managed === 'true');
    return `Deployment/shop/${name}`;
  }

  function managers(object: Tree): { manager: string; operation: string; fieldsV1: Tree }[] {
    return treeAt(object, 'metadata.managedFields') as { manager: string; operation: string; fieldsV1: Tree }[];
  }

  it('B-ANN-1 B-REC-1 say percentile × factor, rounded up, and on whose authority', async () => {
    const web = await annotated('web');
    const { 'last-recommendation': at, ...said } = await objects().said(web);
    expect(said).to.deep.equal({
      managed: 'true',
      policy: 'shop/shop',
      'policy-uid': treeAt(await objects().get(POLICY), 'metadata.uid'),
      'recommendation.app.cpu-request': '240m',
      'recommendation.app.memory-request': '240Mi',
    });
    expect(at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.now() - Date.parse(String(at))).to.be.within(0, 120_000);
  });

  it('B-MET-2 do not see pause containers, second scrapers, restarted counters or NaN', async () => {
    const said = await objects().said(await annotated('noisy'));
    expect(said).to.include({
      'recommendation.app.cpu-request': '240m',
      'recommendation.app.memory-request': '240Mi',
    });
  });

  it('B-MET-2 remember pods that are gone: a rollout does not reset history', async () => {
    await objects().patch(POLICY, { spec: { metricsConfig: { rollingWindow: '30m' } } });
    const said = await objects().said(await annotated('revised'));
    expect(said).to.include({ 'recommendation.app.memory-request': '360Mi' });
  });

  it('B-ANN-3 are all that optipod-metadata owns; template and foreign annotations stay as they are', async () => {
    const foreign = { metadata: { annotations: { 'team.example.com/owner': 'a' } } };
    const web = await annotated('kept', foreign);
    const object = await objects().get(web);
    const own = managers(object).filter(({ manager }) => manager.startsWith('optipod'));
    const keys = Object.keys(await objects().said(web)).map((key) => [`f:optipod.io/${key}`, {}]);
    expect(own.map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 }))).to.deep.equal([
      {
        manager: 'optipod-metadata',
        operation: 'Apply',
        fieldsV1: { 'f:metadata': { 'f:annotations': Object.fromEntries(keys) as Tree } },
      },
    ]);
    expect(treeAt(object, 'metadata.annotations')).to.include({ 'team.example.com/owner': 'a' });
    expect(treeAt(object, 'metadata.finalizers')).to.equal(undefined);
    expect(treeAt(object, 'metadata.ownerReferences')).to.equal(undefined);
    // As it is once kube-apiserver has filled in its defaults, which it does for everybody.
    const { spec } = await objects().api.create(
      '/apis/apps/v1/namespaces/shop/deployments',
      deployment('shop', 'twin'),
      { dryRun: true },
    );
    expect(treeAt(object, 'spec.template.spec')).to.deep.equal(treeAt(spec, 'template.spec'));
    expect(treeAt(object, 'spec.template.metadata')).to.deep.equal({ labels: { app: 'kept' } });
  });

  it('B-ANN-3 are not written again while they say the same', async () => {
    const versions = async () => {
      const listed = await objects().api.get('/apis/apps/v1/namespaces/shop/deployments');
      return (listed.items as Tree[]).map((item) => [
        treeAt(item, 'metadata.name'),
        treeAt(item, 'metadata.resourceVersion'),
      ]);
    };
    await objects().evaluate(POLICY);
    const before = await versions();
    for (let pass = 0; pass < 3; pass += 1) await objects().evaluate(POLICY);
    expect(await versions()).to.deep.equal(before);
  });

  it('B-ANN-3 and a user annotating at the same time lose nothing of each other', async () => {
    const busy = await annotated('busy');
    const edits = Array.from({ length: 30 }, (_, index) => String(index));
    await Promise.all([
      (async () => {
        for (const index of edits) await objects().annotate(busy, { [`team.example.com/${index}`]: index });
      })(),
      (async () => {
        for (const factor of [1.3, 1.4, 1.5]) {
          await objects().patch(POLICY, { spec: { metricsConfig: { safetyFactor: factor } } });
          await objects().settled(POLICY);
        }
      })(),
    ]);
    expect(await objects().said(busy)).to.include({ 'recommendation.app.cpu-request': '300m' });
    const annotations = treeAt(await objects().get(busy), 'metadata.annotations');
    expect(annotations).to.include(Object.fromEntries(edits.map((index) => [`team.example.com/${index}`, index])));
    await objects().patch(POLICY, { spec: { metricsConfig: { safetyFactor: 1.2 } } });
  });

  it('B-ANN-3 forget a container that was renamed, at once', async () => {
    const renamed = await annotated('renamed', {
      spec: { template: { spec: { containers: [{ name: 'before', image: 'app:1' }] } } },
    });
    const keys = (said: Readonly<Record<string, string>>) => Object.keys(said).join();
    expect(keys(await objects().said(renamed))).to.contain('recommendation.before.cpu-request');
    const containers = [{ name: 'app', image: 'app:1' }];
    await objects().patch(renamed, { spec: { template: { spec: { containers } } } });
    const said = await objects().saying(renamed, 'without the old name', (now) => !keys(now).includes('.before.'));
    expect(said).to.include({ 'recommendation.app.cpu-request': '240m' });
  });

  it('B-ANN-4 hold what fits no key in optipod.io/resources', async () => {
    const long = await annotated('long', {
      spec: { template: { spec: { containers: [{ name: LONG_NAME, image: 'app:1' }] } } },
    });
    const said = await objects().said(long);
    expect(JSON.parse(said.resources ?? '')).to.deep.equal({
      [LONG_NAME]: { requests: { cpu: '240m', memory: '240Mi' } },
    });
    expect(said).to.include({ 'recommendation.app.cpu-request': '240m' });
    expect(Object.keys(said).join()).not.to.contain(LONG_NAME);
  });

  it('B-ANN-2 keep what was last written where there is no usage any more', async () => {
    // It requests less than it used: nothing is lowered on so little history.
    const requests = { cpu: '100m', memory: '100Mi' };
    const containers = [{ name: 'app', resources: { requests } }];
    const silent = await annotated('silent', { spec: { template: { spec: { containers } } } });
    await objects().patch(POLICY, { spec: { metricsConfig: { rollingWindow: '10m' } } });
    await objects().settled(POLICY);
    expect(await objects().said(silent)).to.include({
      'recommendation.app.cpu-request': '240m',
      'recommendation.app.memory-request': '240Mi',
    });
  });

  it('B-REC-3 name limits while they are managed, and no longer', async () => {
    await objects().patch(POLICY, { spec: { updateStrategy: { updateRequestsOnly: false } } });
    const limits = (said: Readonly<Record<string, string>>) =>
      Object.keys(said).filter((key) => key.endsWith('-limit'));
    const said = await objects().saying('Deployment/shop/web', 'with limits', (now) => limits(now).length > 0);
    expect(said).to.include({ 'recommendation.app.cpu-limit': '240m', 'recommendation.app.memory-limit': '264Mi' });
    await objects().patch(POLICY, { spec: { updateStrategy: { updateRequestsOnly: true } } });
    await objects().saying('Deployment/shop/web', 'without limits', (now) => limits(now).length === 0);
  });

  it('B-SEL-7 deleted by hand are away until the next pass', async () => {
    const web: Name = 'Deployment/shop/web';
    const keys = Object.keys(await objects().said(web));
    await objects().annotate(web, Object.fromEntries(keys.map((key) => [`optipod.io/${key}`, null])));
    const requested = installation().requests().length;
    expect(await objects().said(web)).to.deep.equal({});
    await objects().evaluate(POLICY);
    expect(await objects().said(web)).to.include({ managed: 'true', 'recommendation.app.cpu-request': '240m' });
    const writes = installation()
      .requests()
      .slice(requested)
      .filter((request) => isWrite(request) && request.objectRef?.name === 'web');
    expect(writes).to.have.length(1);
  });

  it('say so when a value was changed by hand, and are put right', async () => {
    const web: Name = 'Deployment/shop/web';
    await objects().annotate(web, { 'optipod.io/managed': 'no', 'optipod.io/policy': 'somebody/else' });
    await objects().saying(web, 'put right', (said) => said.managed === 'true' && said.policy === 'shop/shop');
    expect(isTree(await objects().get(web))).to.equal(true);
  });
});
