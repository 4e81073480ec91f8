import { expect } from 'chai';
import { type Reconciliation, crd, defineController, defineResource, usesOf } from 'optipod/kube';

const definition = {
  group: 'demo.example.com',
  version: 'v1',
  kind: 'Notice',
  scope: 'Namespaced',
  description: 'A text.',
  spec: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
  status: { type: 'object', properties: { lines: { type: 'integer' } } },
} as const;
const Notice = defineResource(definition);
const Everywhere = defineResource({ ...definition, scope: 'Cluster' });

const notice = {
  metadata: { name: 'a', namespace: 'shop', uid: '1', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { text: 'a\nb' },
};
const silent = () => undefined;
const context: Reconciliation = {
  signal: new AbortController().signal,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  now: () => 0,
  event: silent,
};

describe('a controller', () => {
  it('B-FRM-1 is given an object of its scope, and gives a status of its schema or nothing', async () => {
    const counts = defineController(Notice, {
      uses: {},
      reconcile({ metadata, spec }) {
        const namespace: string = metadata.namespace;
        return Promise.resolve({ status: { lines: spec.text.split('\n').length + namespace.length } });
      },
    });
    expect(await counts.reconcile?.(notice, {}, context)).to.deep.equal({ status: { lines: 6 } });

    const says = defineController(Everywhere, {
      uses: {},
      // @ts-expect-error lines is a number
      reconcile({ metadata }) {
        // @ts-expect-error a cluster-scoped object has no namespace
        const namespace: string = metadata.namespace;
        return Promise.resolve({ status: { lines: namespace } });
      },
    });
    expect(await says.reconcile?.(notice, {}, context)).to.deep.equal({ status: { lines: 'shop' } });

    const seen: string[] = [];
    const silently = defineController(Notice, {
      uses: {},
      async reconcile({ metadata }) {
        if (seen.length > 0) return;
        seen.push(await Promise.resolve(metadata.name));
      },
    });
    expect(await silently.reconcile?.(notice, {}, context)).to.equal(undefined);
    expect(seen).to.deep.equal(['a']);
  });

  it('B-OPR-5 writes a status where that is a subresource, and asks for no such right elsewhere', () => {
    const statusesOf = (more: { readonly statusSubresource?: boolean }) => {
      const reconciled = defineResource({ ...definition, ...more });
      const uses = usesOf(defineController(reconciled, { uses: {}, reconcile: () => Promise.resolve(undefined) }));
      return uses.filter(({ subresource }) => subresource === 'status').length;
    };
    expect(statusesOf({})).to.equal(1);
    expect(statusesOf({ statusSubresource: false })).to.equal(0);
    const { status: _, ...without } = definition;
    expect(defineResource(without).statusSubresource).to.equal(false);
  });

  it('B-FRM-1 a status that is no subresource is stored with the rest', () => {
    const versionOf = (resource: Parameters<typeof crd>[0]) => crd(resource).spec.versions[0];
    expect(versionOf(Notice)).to.have.property('subresources').that.deep.equals({ status: {} });
    const report = versionOf(defineResource({ ...definition, statusSubresource: false }));
    expect(report).not.to.have.property('subresources');
    expect(report?.schema.openAPIV3Schema.properties).to.have.property('status');
  });
});
