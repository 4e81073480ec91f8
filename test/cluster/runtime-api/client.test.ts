import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaemonSet, Deployment, Namespace, type KubeObject } from 'optipod/kube';
import { expect } from 'chai';
import {
  createClient,
  isAlreadyExists,
  isConflict,
  isNotFound,
  loadClusterConfig,
  retryOnConflict,
} from '../../../operator/runtime/index.js';
import { ConfigMaps, failure, inNamespace, type Data } from './here.js';

interface Scale extends KubeObject {
  readonly spec: { readonly replicas?: number };
}

const namespace = 'runtime-client';

describe('the client of the controller runtime', function () {
  this.timeout(120_000);
  const here = inNamespace(namespace);
  const named = (name: string) => ({ namespace, name });

  it('lists metadata of a kind of which there is nothing, which kube-apiserver writes as null', async () => {
    expect(await here.client.list(DaemonSet, { namespace, metadataOnly: true })).to.deep.include({ items: [] });
  });

  it('reads a kubeconfig whose credentials come from an exec plugin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'exec-plugin-'));
    try {
      const credential = {
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { clientCertificateData: here.cluster.clientCert, clientKeyData: here.cluster.clientKey },
      };
      writeFileSync(join(folder, 'credential.json'), JSON.stringify(credential));
      const kubeconfig = join(folder, 'kubeconfig');
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'cat',
        args: [join(folder, 'credential.json')],
      };
      const file = {
        clusters: [
          {
            name: 'here',
            cluster: {
              server: here.cluster.server,
              'certificate-authority-data': Buffer.from(here.cluster.ca).toString('base64'),
            },
          },
        ],
        users: [{ name: 'me', user: { exec } }],
        contexts: [{ name: 'other', context: { cluster: 'here', user: 'me', namespace } }],
      };
      writeFileSync(kubeconfig, JSON.stringify(file));
      const config = await loadClusterConfig({ kubeconfig, context: 'other' });
      expect(config.namespace).to.equal(namespace);
      const other = createClient(config);
      expect((await other.get(Namespace, { name: namespace })).metadata.name).to.equal(namespace);
      await other.close();
      const missing = await failure(loadClusterConfig({ kubeconfig, context: 'nowhere' }));
      expect(String(missing)).to.contain('nowhere');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('creates, applies, patches and deletes, with preconditions', async () => {
    const ref = named('written');
    const created = await here.client.create(ConfigMaps, { metadata: ref, data: { a: '1' } });
    expect(isAlreadyExists(await failure(here.client.create(ConfigMaps, { metadata: ref })))).to.equal(true);

    const apply = (data: Data, metadata: object, dryRun = false) =>
      here.client.apply(ConfigMaps, { metadata: { ...ref, ...metadata }, data }, { fieldManager: 'one', dryRun });
    expect((await apply({ b: '2' }, {}, true)).data).to.deep.equal({ a: '1', b: '2' });
    expect((await here.client.get(ConfigMaps, ref)).data).to.deep.equal({ a: '1' });
    const applied = await apply({ b: '2' }, { uid: created.metadata.uid });
    expect(applied.data).to.deep.equal({ a: '1', b: '2' });
    const namesake = await failure(apply({ b: '3' }, { uid: '00000000-0000-0000-0000-000000000000' }));
    expect(isConflict(namesake), String(namesake)).to.equal(true);
    const taken = here.client.apply(ConfigMaps, { metadata: ref, data: { b: '4' } }, { fieldManager: 'two' });
    expect(isConflict(await failure(taken))).to.equal(true);

    const stale = { metadata: { resourceVersion: created.metadata.resourceVersion }, data: { c: '5' } };
    expect(isConflict(await failure(here.client.patch(ConfigMaps, ref, stale, { type: 'merge' })))).to.equal(true);
    const staleJson = [
      { op: 'replace', path: '/metadata/resourceVersion', value: created.metadata.resourceVersion },
      { op: 'add', path: '/data/c', value: '5' },
    ];
    expect(isConflict(await failure(here.client.patch(ConfigMaps, ref, staleJson, { type: 'json' })))).to.equal(true);
    // What somebody took away meanwhile stands in the way of a JSON patch before any version is looked at.
    const beyond = [...staleJson, { op: 'remove', path: '/metadata/managedFields/9' }];
    expect(isConflict(await failure(here.client.patch(ConfigMaps, ref, beyond, { type: 'json' })))).to.equal(true);
    const wrong = here.client.patch(ConfigMaps, ref, { metadata: { labels: { a: 'not valid!' } } }, { type: 'merge' });
    expect(isConflict(await failure(wrong))).to.equal(false);

    expect(isConflict(await failure(here.client.delete(ConfigMaps, ref, { uid: 'another' })))).to.equal(true);
    await here.client.delete(ConfigMaps, ref, { uid: created.metadata.uid });
    const gone = await failure(here.client.get(ConfigMaps, ref));
    expect(isNotFound(gone)).to.equal(true);
    expect(String(gone)).to.equal(
      `ApiError: get ConfigMap ${namespace}/written: configmaps "written" not found (404 NotFound)`,
    );
  });

  it('replaces what nobody has changed meanwhile, reads anew where somebody has, and deletes many', async () => {
    const ref = named('counter');
    const labels = { set: 'counters' };
    await here.client.create(ConfigMaps, { metadata: { ...ref, labels }, data: { count: '0' } });
    const increment = () =>
      retryOnConflict(
        async () => {
          const { metadata, data } = await here.client.get(ConfigMaps, ref);
          const { resourceVersion } = metadata;
          const count = String(Number(data?.count) + 1);
          return here.client.update(ConfigMaps, { metadata: { ...ref, labels, resourceVersion }, data: { count } });
        },
        { attempts: 100 },
      );
    await Promise.all(Array.from({ length: 10 }, increment));
    expect((await here.client.get(ConfigMaps, ref)).data).to.deep.equal({ count: '10' });

    await here.client.deleteCollection(ConfigMaps, { namespace, labelSelector: 'set=counters', dryRun: true });
    await here.client.delete(ConfigMaps, ref, { dryRun: true });
    expect((await here.client.get(ConfigMaps, ref)).data).to.deep.equal({ count: '10' });
    await here.client.deleteCollection(ConfigMaps, { namespace, labelSelector: 'set=counters' });
    expect(isNotFound(await failure(here.client.get(ConfigMaps, ref)))).to.equal(true);
  });

  it('reads and replaces subresources, which may be of a kind of their own', async () => {
    const ref = named('scaled');
    const labels = { app: 'scaled' };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'c', image: 'nowhere.example.com/none' }] },
    };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    await here.client.create(Deployment, { metadata: ref, spec });
    const wanted = { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 0 } };
    // Its controller writes to a new Deployment, too.
    await retryOnConflict(async () => {
      const scale = await here.client.get<Scale>(Deployment, ref, { subresource: 'scale' });
      expect(scale).to.deep.include({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: {} });
      const { resourceVersion } = scale.metadata;
      await here.client.update(
        Deployment,
        { ...wanted, metadata: { ...ref, resourceVersion } },
        { subresource: 'scale' },
      );
    });
    await here.client.delete(Deployment, ref, { propagationPolicy: 'Foreground' });
  });

  it('applies to an object that is gone only where no UID is given', async () => {
    const ref = named('applied');
    const uid = '00000000-0000-0000-0000-000000000000';
    const call = here.client.apply(ConfigMaps, { metadata: { ...ref, uid } }, { fieldManager: 'one' });
    const error = await failure(call);
    expect(isConflict(error) || isNotFound(error), String(error)).to.equal(true);
    await here.client.apply(ConfigMaps, { metadata: ref }, { fieldManager: 'one' });
    await here.client.delete(ConfigMaps, ref);
  });
});
