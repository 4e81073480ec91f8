import { expect } from 'chai';
import { Deployment, Namespace, PodKind, Secret, use } from '../../../lib/kube/index.js';
import { createAccess, createClient } from '../../../operator/runtime/index.js';
import { fakeServer, sendJson } from './fake-apiserver.js';

describe('access to what is declared', () => {
  let server: Awaited<ReturnType<typeof fakeServer>>;
  const access = () => createAccess({ client: createClient(server.config), namespace: 'own', fieldManager: 'example' });

  before(async () => {
    server = await fakeServer(({ body }, response) => sendJson(response, 200, body ?? { metadata: { name: 'x' } }));
  });
  beforeEach(() => server.requests.splice(0));
  after(() => server.close());

  it('B-FRM-1 has the declared verbs and no others: another one does not compile', () => {
    const { secrets, deployments } = access().to({
      secrets: use(Secret, ['get', 'create']),
      deployments: use(Deployment, ['watch']),
    });
    expect(Object.keys(secrets).sort()).to.deep.equal(['create', 'read']);
    expect(Object.keys(deployments).sort()).to.deep.equal(['get', 'informer', 'list']);
    // @ts-expect-error get is not declared
    expect(deployments.read).to.equal(undefined);
    // @ts-expect-error patch is not declared
    expect(secrets.apply).to.equal(undefined);
    // @ts-expect-error delete is not declared
    expect(secrets.delete).to.equal(undefined);
    // @ts-expect-error watch is not declared
    expect(secrets.list).to.equal(undefined);
    // @ts-expect-error create is not declared
    expect(deployments.create).to.equal(undefined);
    // @ts-expect-error list is not declared: a watch has it in memory
    expect(deployments.pages).to.equal(undefined);
    // @ts-expect-error patch, or apply
    expect(use(Secret, ['update']).verbs).to.deep.equal(['update']);
    // @ts-expect-error there is no such use
    expect(access().to({}).other).to.equal(undefined);
  });

  it('B-FRM-1 has objects of the kind, of metadata-only uses metadata, and what the projection makes of them', () => {
    const bound = access().to(
      {
        whole: use(Deployment, ['watch']),
        metadata: use(Deployment, ['watch'], { metadataOnly: true }),
        images: use(Deployment, ['watch']),
      },
      { images: ({ spec }) => spec.template.spec.containers.length },
    );
    const whole: number | undefined = bound.whole.get('shop', 'web')?.spec.template.spec.containers.length;
    // @ts-expect-error metadata alone
    const metadata: unknown = bound.metadata.get('shop', 'web')?.spec;
    const kept: number | undefined = bound.images.get('shop', 'web');
    expect([whole, metadata, kept]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('shares an informer between uses of the same objects, and only between those', () => {
    const provider = access();
    const uses = { all: use(Deployment, ['watch']) };
    const first = provider.to(uses);
    const again = provider.to({ deployments: use(Deployment, ['watch', 'patch']) });
    const metadata = provider.to({ all: use(Deployment, ['watch'], { metadataOnly: true }) });
    const own = provider.to({ all: use(Deployment, ['watch'], { ownNamespace: true }) });
    const projected = provider.to(uses, { all: ({ metadata: { name } }) => name });
    expect(again.deployments.informer).to.equal(first.all.informer);
    expect(new Set([first, metadata, own, projected].map(({ all }) => all.informer))).to.have.property('size', 4);
    expect(provider.informers).to.have.length(4);
  });

  it('refuses to watch several names with one use: RBAC allows a list of one name only', () => {
    expect(() => access().to({ some: use(Secret, ['watch'], { names: ['a', 'b'] }) })).to.throw(
      'secrets is listed by 2 names: declare a use for each',
    );
  });

  it('B-FRM-2 reads what it wrote, before any event: but not what a dry run answered, or is not selected', async () => {
    const { secrets, one, labelled, writing } = access().to({
      secrets: use(Secret, ['watch']),
      one: use(Secret, ['watch'], { names: ['other'] }),
      labelled: use(Secret, ['watch'], { labelSelector: 'a=b' }),
      writing: use(Secret, ['create', 'patch']),
    });
    const draft = (name: string) => ({ metadata: { name, namespace: 'shop', uid: name, resourceVersion: '7' } });
    await writing.create(draft('created'));
    await writing.apply(draft('applied'));
    await writing.apply(draft('dry'), { dryRun: true });
    expect(secrets.list().map(({ metadata }) => metadata.name)).to.deep.equal(['created', 'applied']);
    expect(one.list()).to.deep.equal([]);
    expect(labelled.list()).to.deep.equal([]);
  });

  it('B-FRM-1 lists in pages what is declared: of its labels, in its namespace, metadata alone', async () => {
    const answers = [
      { items: [{ metadata: { name: 'a' } }], metadata: { continue: 'token' } },
      { items: null, metadata: {} },
    ];
    const paged = await fakeServer((_, response) => sendJson(response, 200, answers.shift()));
    const provider = createAccess({ client: createClient(paged.config), namespace: 'own', fieldManager: 'example' });
    const { secrets } = provider.to({
      secrets: use(Secret, ['list'], { ownNamespace: true, metadataOnly: true, labelSelector: 'a=b' }),
    });
    expect(Object.keys(secrets)).to.deep.equal(['pages']);
    const pages: string[][] = [];
    for await (const page of secrets.pages({ limit: 1 })) pages.push(page.map(({ metadata }) => metadata.name));
    expect(pages).to.deep.equal([['a'], []]);
    expect(paged.requests.map(({ url }) => `${url.pathname}${url.search}`)).to.deep.equal([
      '/api/v1/namespaces/own/secrets?labelSelector=a%3Db&limit=1',
      '/api/v1/namespaces/own/secrets?labelSelector=a%3Db&limit=1&continue=token',
    ]);
    expect(paged.requests[0]?.headers.accept).to.contain('PartialObjectMetadataList');
    expect(provider.informers).to.deep.equal([]);
    await paged.close();
  });

  it('B-FRM-1 posts to the subresource that is declared, what is made there, of the object that is named', async () => {
    const { evictions, resizes } = access().to({
      evictions: use(PodKind, ['create'], { subresource: 'eviction' }),
      resizes: use(PodKind, ['patch'], { subresource: 'resize' }),
    });
    const web = { namespace: 'shop', name: 'web-0' };
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: web };
    await evictions.create(web, eviction);
    await resizes.patch(web, { spec: {} }, { type: 'strategic' });
    expect(
      server.requests.map(({ method, url, body }) => [`${method} ${url.pathname}${url.search}`, body]),
    ).to.deep.equal([
      ['POST /api/v1/namespaces/shop/pods/web-0/eviction?fieldManager=example', eviction],
      ['PATCH /api/v1/namespaces/shop/pods/web-0/resize?fieldManager=example', { spec: {} }],
    ]);
    expect(server.requests[1]?.headers['content-type']).to.equal('application/strategic-merge-patch+json');
    // @ts-expect-error which object it is of is told apart
    const misplaced = () => evictions.create(eviction);
    expect(misplaced).to.be.a('function');
  });

  it("writes as the operator, to the declared subresource, into the operator's own namespace", async () => {
    const { status, secrets, namespaces } = access().to({
      status: use(Deployment, ['patch'], { subresource: 'status' }),
      secrets: use(Secret, ['get', 'patch', 'delete'], { ownNamespace: true }),
      namespaces: use(Namespace, ['create']),
    });
    await status.apply({ metadata: { namespace: 'shop', name: 'web' }, status: {} });
    await status.patch({ namespace: 'shop', name: 'web' }, { status: {} }, { fieldManager: 'other' });
    await secrets.read({ name: 'tls' });
    await secrets.delete({ name: 'tls', uid: 'u' });
    await namespaces.create({ metadata: { name: 'new' } }, { dryRun: true });
    expect(
      server.requests.map(({ method, url }) => `${method} ${url.pathname}${decodeURIComponent(url.search)}`),
    ).to.deep.equal([
      'PATCH /apis/apps/v1/namespaces/shop/deployments/web/status?fieldManager=example',
      'PATCH /apis/apps/v1/namespaces/shop/deployments/web/status?fieldManager=other',
      'GET /api/v1/namespaces/own/secrets/tls',
      'DELETE /api/v1/namespaces/own/secrets/tls',
      'POST /api/v1/namespaces?fieldManager=example&dryRun=All',
    ]);
  });
});
