import { expect } from 'chai';
import { OptimizationPolicy } from '../../../lib/api/index.js';
import { crd } from '../../../lib/kube/index.js';
import { policies, refusal } from '../../documents/apiserver.js';
import { treeAt, withValue } from '../../documents/tree.js';
import { waitFor } from '../../kit/index.js';
import { judge } from './judge.js';

describe('the validation rules on a real apiserver without OptiPod', function () {
  this.timeout(60_000);
  const asked = judge();

  it('B-API-3 no webhook takes part', async () => {
    const { items } = await asked.api.get('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations');
    expect(JSON.stringify(items)).not.to.contain('optipod.io');
    expect(await asked.refusalOf()).to.equal(undefined);
  });

  it('B-API-3 a policy that was stored before a rule came takes status updates, whatever in its spec is broken', async () => {
    // The same definition in a group of its own, first without any rule, as an older CRD might have been.
    const group = 'stored.example.com';
    const strict = crd({ ...OptimizationPolicy, group });
    const [version] = strict.spec.versions;
    const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const lenient = {
      ...version,
      schema: { openAPIV3Schema: { ...anything, properties: { spec: anything, status: anything } } },
    };
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const collection = policies().replace('optipod.io', group);
    const broken = asked.changed([
      ['apiVersion', `${group}/v1alpha1`],
      ['spec.selector', {}],
      ['spec.resourceBounds.cpu.min', '9'],
      ['spec.weight', 0],
    ]);
    const other = withValue(broken, 'metadata.name', 'other');
    const ask = () => asked.api.ask('POST', `${collection}?dryRun=All`, other);
    try {
      await asked.api.create(crds, { ...strict, spec: { ...strict.spec, versions: [lenient] } });
      await waitFor('the lenient CRD', async () => ((await ask()).code === 201 ? true : undefined));
      await asked.api.create(collection, broken);
      await asked.api.patch(`${crds}/optimizationpolicies.${group}`, { spec: { versions: [version] } });
      const refused = await waitFor('the strict CRD', async () => refusal(await ask()));
      expect(refused.fields, refused.message).to.include('spec.weight');

      const object = `${collection}/base-policy`;
      const { status, spec } = await asked.api.patch(`${object}/status`, { status: { workloadsDiscovered: 0 } });
      expect(status).to.deep.equal({ workloadsDiscovered: 0 });
      expect(treeAt(spec, 'weight')).to.equal(0);
    } finally {
      await asked.api.ask('DELETE', `${crds}/optimizationpolicies.${group}`);
    }
  });
});
