import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DaemonSet,
  Deployment,
  type Kind,
  type KubeObject,
  MutatingWebhookConfiguration,
  Namespace,
  Secret,
  ValidatingWebhookConfiguration,
  use,
} from 'optipod/kube';
import { expect } from 'chai';
import {
  type Informer,
  type KubeClient,
  createAccess,
  createClient,
  createController,
  createInformer,
  createManager,
  isAlreadyExists,
  isConflict,
  isGone,
  isNotFound,
  isSignedBy,
  keepCertificate,
  loadClusterConfig,
  retryOnConflict,
  silentLogger,
  splitBundle,
} from '../../operator/runtime/index.js';
import { type Cluster, sharedCluster, waitFor } from '../kit/index.js';

type Data = Readonly<Record<string, string>>;
const ConfigMaps: Kind<KubeObject & { readonly data?: Data }> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};
const Widgets: Kind = {
  group: 'runtime.example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  scope: 'Namespaced',
};

interface Scale extends KubeObject {
  readonly spec: { readonly replicas?: number };
}

const namespace = 'runtime-test';
const named = (name: string) => ({ namespace, name });
const soon = { everyMs: 10 };

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('did not fail'),
    (error: unknown) => error,
  );
}

describe('controller runtime', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let client: KubeClient;
  let stop: AbortController;
  let running: Promise<unknown>[];

  before(async () => {
    cluster = await sharedCluster('control-plane');
    client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
    await client.create(Namespace, { metadata: { name: namespace } });
  });
  after(async () => {
    await client.delete(Namespace, { name: namespace });
    await client.close();
  });
  beforeEach(() => {
    stop = new AbortController();
    running = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
  });

  const start = <T>(informer: Informer<T>) => {
    running.push(informer.run(stop.signal));
    return informer.synced;
  };

  describe('client', () => {
    it('lists metadata of a kind of which there is nothing, which kube-apiserver writes as null', async () => {
      expect(await client.list(DaemonSet, { namespace, metadataOnly: true })).to.deep.include({ items: [] });
    });

    it('reads a kubeconfig whose credentials come from an exec plugin', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'exec-plugin-'));
      try {
        const credential = {
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { clientCertificateData: cluster.clientCert, clientKeyData: cluster.clientKey },
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
                server: cluster.server,
                'certificate-authority-data': Buffer.from(cluster.ca).toString('base64'),
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
      const created = await client.create(ConfigMaps, { metadata: ref, data: { a: '1' } });
      expect(isAlreadyExists(await failure(client.create(ConfigMaps, { metadata: ref })))).to.equal(true);

      const apply = (data: Data, metadata: object, dryRun = false) =>
        client.apply(ConfigMaps, { metadata: { ...ref, ...metadata }, data }, { fieldManager: 'one', dryRun });
      expect((await apply({ b: '2' }, {}, true)).data).to.deep.equal({ a: '1', b: '2' });
      expect((await client.get(ConfigMaps, ref)).data).to.deep.equal({ a: '1' });
      const applied = await apply({ b: '2' }, { uid: created.metadata.uid });
      expect(applied.data).to.deep.equal({ a: '1', b: '2' });
      const namesake = await failure(apply({ b: '3' }, { uid: '00000000-0000-0000-0000-000000000000' }));
      expect(isConflict(namesake), String(namesake)).to.equal(true);
      const taken = client.apply(ConfigMaps, { metadata: ref, data: { b: '4' } }, { fieldManager: 'two' });
      expect(isConflict(await failure(taken))).to.equal(true);

      const stale = { metadata: { resourceVersion: created.metadata.resourceVersion }, data: { c: '5' } };
      expect(isConflict(await failure(client.patch(ConfigMaps, ref, stale, { type: 'merge' })))).to.equal(true);
      const staleJson = [
        { op: 'replace', path: '/metadata/resourceVersion', value: created.metadata.resourceVersion },
        { op: 'add', path: '/data/c', value: '5' },
      ];
      expect(isConflict(await failure(client.patch(ConfigMaps, ref, staleJson, { type: 'json' })))).to.equal(true);
      // What somebody took away meanwhile stands in the way of a JSON patch before any version is looked at.
      const beyond = [...staleJson, { op: 'remove', path: '/metadata/managedFields/9' }];
      expect(isConflict(await failure(client.patch(ConfigMaps, ref, beyond, { type: 'json' })))).to.equal(true);
      const wrong = client.patch(ConfigMaps, ref, { metadata: { labels: { a: 'not valid!' } } }, { type: 'merge' });
      expect(isConflict(await failure(wrong))).to.equal(false);

      expect(isConflict(await failure(client.delete(ConfigMaps, ref, { uid: 'another' })))).to.equal(true);
      await client.delete(ConfigMaps, ref, { uid: created.metadata.uid });
      const gone = await failure(client.get(ConfigMaps, ref));
      expect(isNotFound(gone)).to.equal(true);
      expect(String(gone)).to.equal(
        `ApiError: get ConfigMap ${namespace}/written: configmaps "written" not found (404 NotFound)`,
      );
    });

    it('replaces what nobody has changed meanwhile, reads anew where somebody has, and deletes many', async () => {
      const ref = named('counter');
      const labels = { set: 'counters' };
      await client.create(ConfigMaps, { metadata: { ...ref, labels }, data: { count: '0' } });
      const increment = () =>
        retryOnConflict(
          async () => {
            const { metadata, data } = await client.get(ConfigMaps, ref);
            const { resourceVersion } = metadata;
            const count = String(Number(data?.count) + 1);
            return client.update(ConfigMaps, { metadata: { ...ref, labels, resourceVersion }, data: { count } });
          },
          { attempts: 100 },
        );
      await Promise.all(Array.from({ length: 10 }, increment));
      expect((await client.get(ConfigMaps, ref)).data).to.deep.equal({ count: '10' });

      await client.deleteCollection(ConfigMaps, { namespace, labelSelector: 'set=counters', dryRun: true });
      await client.delete(ConfigMaps, ref, { dryRun: true });
      expect((await client.get(ConfigMaps, ref)).data).to.deep.equal({ count: '10' });
      await client.deleteCollection(ConfigMaps, { namespace, labelSelector: 'set=counters' });
      expect(isNotFound(await failure(client.get(ConfigMaps, ref)))).to.equal(true);
    });

    it('reads and replaces subresources, which may be of a kind of their own', async () => {
      const ref = named('scaled');
      const labels = { app: 'scaled' };
      const template = {
        metadata: { labels },
        spec: { containers: [{ name: 'c', image: 'nowhere.example.com/none' }] },
      };
      const spec = { replicas: 0, selector: { matchLabels: labels }, template };
      await client.create(Deployment, { metadata: ref, spec });
      const wanted = { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 0 } };
      // Its controller writes to a new Deployment, too.
      await retryOnConflict(async () => {
        const scale = await client.get<Scale>(Deployment, ref, { subresource: 'scale' });
        expect(scale).to.deep.include({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: {} });
        const { resourceVersion } = scale.metadata;
        await client.update(Deployment, { ...wanted, metadata: { ...ref, resourceVersion } }, { subresource: 'scale' });
      });
      await client.delete(Deployment, ref, { propagationPolicy: 'Foreground' });
    });

    it('applies to an object that is gone only where no UID is given', async () => {
      const ref = named('applied');
      const uid = '00000000-0000-0000-0000-000000000000';
      const call = client.apply(ConfigMaps, { metadata: { ...ref, uid } }, { fieldManager: 'one' });
      const error = await failure(call);
      expect(isConflict(error) || isNotFound(error), String(error)).to.equal(true);
      await client.apply(ConfigMaps, { metadata: ref }, { fieldManager: 'one' });
      await client.delete(ConfigMaps, ref);
    });
  });

  describe('informer', () => {
    it('lists in pages and follows the API, metadata only where asked', async () => {
      for (let index = 0; index < 7; index += 1) {
        await client.create(ConfigMaps, { metadata: { ...named(`paged-${index}`), labels: { set: 'paged' } } });
      }
      const options = { namespace, labelSelector: 'set=paged', pageSize: 3 };
      const informer = createInformer(client, ConfigMaps, options);
      const metadata = createInformer(client, ConfigMaps as Kind, { ...options, metadataOnly: true });
      const events: string[] = [];
      informer.onEvent(({ type, object }) => events.push(`${type} ${object.metadata.name}`));
      await Promise.all([start(informer), start(metadata)]);
      expect(informer.list(namespace)).to.have.length(7);
      expect(informer.get(namespace, 'paged-6')).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
      expect(informer.get(namespace, 'paged-6')?.metadata).not.to.have.property('managedFields');
      expect(metadata.get(namespace, 'paged-6')).to.have.all.keys('apiVersion', 'kind', 'metadata');
      expect(metadata.get(namespace, 'paged-6')).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });

      events.length = 0;
      await client.patch(ConfigMaps, named('paged-0'), { data: { a: '1' } }, { type: 'merge' });
      await client.patch(ConfigMaps, named('paged-1'), { metadata: { labels: { set: 'other' } } }, { type: 'merge' });
      await client.delete(ConfigMaps, named('paged-2'));
      await waitFor('three events', () => (events.length === 3 ? true : undefined), soon);
      expect(events).to.have.members(['updated paged-0', 'deleted paged-1', 'deleted paged-2']);
      expect(informer.get(namespace, 'paged-0')?.data).to.deep.equal({ a: '1' });
      await waitFor('metadata', () => (metadata.list().length === 5 ? true : undefined), soon);
    });

    it('reads what it wrote, and finds it by its indexes', async () => {
      const informer = createInformer(client, ConfigMaps, {
        namespace,
        labelSelector: 'set=own',
        indexes: { byValue: ({ data }) => Object.values(data ?? {}) },
      });
      await start(informer);
      const ref = { ...named('own'), labels: { set: 'own' } };
      for (let round = 0; round < 20; round += 1) {
        const value = String(round);
        informer.observe(
          await client.apply(ConfigMaps, { metadata: ref, data: { value } }, { fieldManager: 'one', force: true }),
        );
        expect(informer.get(namespace, 'own')?.data).to.deep.equal({ value });
        expect(informer.byIndex('byValue', value)).to.have.length(1);
      }
      const last = await client.get(ConfigMaps, ref);
      await client.delete(ConfigMaps, ref);
      await waitFor('the deletion', () => (informer.list().length === 0 ? true : undefined), soon);
      informer.observe(last);
      expect(informer.list()).to.deep.equal([]);

      // One that is not selected is taken out when the watch has passed it.
      const elsewhere = await client.create(ConfigMaps, { metadata: named('elsewhere') });
      informer.observe(elsewhere);
      await client.create(ConfigMaps, { metadata: ref });
      await waitFor('the next event', () => (informer.get(namespace, 'own') ? true : undefined), soon);
      expect(informer.list().map(({ metadata }) => metadata.name)).to.deep.equal(['own']);
    });

    it('waits for a kind that is not served yet, and follows it when it goes and comes back', async () => {
      const timing = { initialMs: 50, maxMs: 200 };
      const informer = createInformer(client, Widgets, { timing });
      const events: string[] = [];
      informer.onEvent(({ type, object }) => events.push(`${type} ${object.metadata.name}`));
      running.push(informer.run(stop.signal));
      const definition = JSON.stringify({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'widgets.runtime.example.com' },
        spec: {
          group: Widgets.group,
          scope: 'Namespaced',
          names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      });
      const add = (name: string) =>
        waitFor(`widget ${name}`, () => client.create(Widgets, { metadata: named(name) }), { everyMs: 50 });
      const names = () => informer.list().map(({ metadata }) => metadata.name);
      const holds = (...wanted: string[]) =>
        waitFor(`the widgets ${wanted.join()}`, () => (names().join() === wanted.join() ? true : undefined), soon);

      expect(informer.hasSynced).to.equal(false);
      await cluster.kubectl(['apply', '-f', '-'], { input: definition });
      await add('first');
      await holds('first');
      // The API serves no history from before it served the kind.
      const old = client.watch(Widgets, { resourceVersion: '1', timeoutSeconds: 5 })[Symbol.asyncIterator]().next();
      const event = await old.catch((error: unknown) => error);
      expect(isGone(event) || JSON.stringify(event).includes('"code":410'), JSON.stringify(event)).to.equal(true);
      await cluster.kubectl(['delete', 'crd', 'widgets.runtime.example.com']);
      await holds();
      await cluster.kubectl(['apply', '-f', '-'], { input: definition });
      await add('second');
      await holds('second');
      expect(events).to.deep.equal(['added first', 'deleted first', 'added second']);
      expect(informer.hasSynced).to.equal(true);
      await cluster.kubectl(['delete', 'crd', 'widgets.runtime.example.com']);
      await holds();
    });
  });

  it('B-OPR-2 B-OPR-6 a manager reconciles what its informer sees, is ready when synced, and stops cleanly', async () => {
    const own = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
    const selection = { namespace, labelSelector: 'count=me' };
    const maps = createInformer(own, ConfigMaps, selection);
    const controller = createController({
      name: 'counter',
      async reconcile(key) {
        const object = maps.get(namespace, key);
        if (!object) return;
        const length = String(Object.keys(object.data ?? {}).length);
        if (object.metadata.annotations?.['example.com/length'] === length) return;
        const { uid } = object.metadata;
        const annotations = { 'example.com/length': length };
        await own.apply(ConfigMaps, { metadata: { ...named(key), uid, annotations } }, { fieldManager: 'counter' });
      },
    });
    maps.onEvent(({ object }) => controller.enqueue(object.metadata.name));
    const manager = createManager({ log: silentLogger, client: own, health: { host: '127.0.0.1', port: 0 } });
    manager.add(controller, maps);
    const run = manager.run(stop.signal);
    const { port } = await manager.listening;
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    await waitFor('readiness', async () => ((await ready()) === 200 ? true : undefined), soon);

    const ref = named('counted');
    await client.create(ConfigMaps, { metadata: { ...ref, labels: { count: 'me' } }, data: { a: '1', b: '2' } });
    const lengthIs = (length: string) =>
      waitFor(`length ${length}`, async () => {
        const { metadata } = await client.get(ConfigMaps, ref);
        return metadata.annotations?.['example.com/length'] === length ? true : undefined;
      });
    await lengthIs('2');
    await client.patch(ConfigMaps, ref, { data: { c: '3' } }, { type: 'merge' });
    await lengthIs('3');
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).to.contain('controller_runtime_reconcile_total{controller="counter",result="success"}');
    stop.abort();
    await run;
    expect(String(await failure(fetch(`http://127.0.0.1:${port}/readyz`)))).to.contain('fetch failed');
  });

  it('B-WEB-6 keeps the certificates of webhooks in a Secret and their caBundles', async () => {
    const { secret, mutating, validating } = createAccess({ client, namespace, fieldManager: 'runtime-test' }).to({
      secret: use(Secret, ['get', 'create', 'patch']),
      mutating: use(MutatingWebhookConfiguration, ['get', 'patch']),
      validating: use(ValidatingWebhookConfiguration, ['get', 'patch']),
    });
    const name = 'runtime-test-hooks';
    const dnsNames = [`hooks.${namespace}.svc`];
    const keep = (now = new Date()) =>
      keepCertificate({
        secret: { access: secret, ...named('hooks-tls') },
        webhooks: [
          { access: mutating, name },
          { access: validating, name },
        ],
        dnsNames,
        fieldManager: 'runtime-test-certificates',
        now,
      });
    const webhook = (hook: string) => ({
      name: `${hook}.runtime.example.com`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      clientConfig: { service: { name: 'hooks', namespace } },
      namespaceSelector: { matchLabels: { 'runtime.example.com/none': 'none' } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    });
    const configuration = { metadata: { name }, webhooks: [webhook('one'), webhook('two')] };
    const secretText = async (item: string) => {
      const { data } = await client.get(Secret, named('hooks-tls'));
      return Buffer.from(data?.[item] ?? '', 'base64').toString();
    };
    const bundles = async () => {
      const found = await Promise.all([
        client.get(MutatingWebhookConfiguration, { name }),
        client.get(ValidatingWebhookConfiguration, { name }),
      ]);
      return found.flatMap(({ webhooks = [] }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle));
    };

    // Before there are configurations; several writers at once.
    const outcomes = await Promise.allSettled([keep(), keep(), keep()]);
    expect(outcomes.map((outcome) => outcome.status)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled']);
    const leaf = await secretText('tls.crt');
    expect((await keep()).requeueAfterMs).to.equal(15_000);
    await client.apply(MutatingWebhookConfiguration, configuration, { fieldManager: 'installer' });
    await client.apply(ValidatingWebhookConfiguration, configuration, { fieldManager: 'installer' });
    try {
      await keep();
      const trusted = Buffer.from(await secretText('ca.crt')).toString('base64');
      expect(await bundles()).to.deep.equal([trusted, trusted, trusted, trusted]);
      expect(await secretText('tls.crt')).to.equal(leaf);

      // The installer applies again and takes nothing away: the field is not its own.
      await client.apply(MutatingWebhookConfiguration, configuration, { fieldManager: 'installer', force: true });
      expect(await bundles()).to.deep.equal([trusted, trusted, trusted, trusted]);

      // Ten years later, in steps.
      const due = Date.now() + 3290 * 24 * 3_600_000;
      await keep(new Date(due - 20 * 24 * 3_600_000));
      const served = await secretText('tls.crt');
      await keep(new Date(due));
      const overlap = splitBundle(await secretText('ca.crt'));
      expect(overlap).to.have.length(2);
      expect(await secretText('tls.crt')).to.equal(served);
      expect(new Set(await bundles())).to.deep.equal(new Set([Buffer.from(overlap.join('')).toString('base64')]));
      await keep(new Date(due + 61_000));
      expect(isSignedBy(await secretText('tls.crt'), overlap[0] ?? '')).to.equal(true);
      await keep(new Date(due + 61_000 + 25 * 3_600_000));
      expect(splitBundle(await secretText('ca.crt'))).to.deep.equal([overlap[0]]);
      expect(new Set(await bundles())).to.deep.equal(new Set([Buffer.from(overlap[0] ?? '').toString('base64')]));
    } finally {
      await client.delete(MutatingWebhookConfiguration, { name });
      await client.delete(ValidatingWebhookConfiguration, { name });
    }
  });
});
