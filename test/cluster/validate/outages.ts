import { expect } from 'chai';
import { waitFor } from '../../kit/index.js';
import type { World } from '../webhook/world.js';
import { create, kubectlOf, written } from './authors.js';

export function outages(here: () => World): void {
  let world: World;
  let namespace: string;

  before(async () => {
    world = here();
    namespace = await world.namespace('outages');
    await world.configure();
  });

  it('B-SEL-5 where kube-apiserver does not tell the webhook, the policy is allowed with a warning, and counted', async () => {
    const rules = ['get', 'clusterrole', 'optipod-webhook', '-o', 'json'];
    const { stdout } = await world.cluster.kubectl(rules);
    const role = JSON.parse(stdout) as { readonly rules: readonly { readonly apiGroups: readonly string[] }[] };
    const without = role.rules.filter(({ apiGroups }) => !apiGroups.includes('authorization.k8s.io'));
    const set = async (given: readonly object[]) =>
      world.cluster.kubectl([
        'patch',
        'clusterrole',
        'optipod-webhook',
        '--type=merge',
        '-p',
        JSON.stringify({ rules: given }),
      ]);
    await set(without);
    try {
      const unchecked = await waitFor('the right to be gone', async () => {
        const policy = written(namespace, 'unchecked');
        const { ok, warnings } = await kubectlOf(world)(['create', '--dry-run=server', '-f', '-'], policy);
        expect(ok).to.equal(true);
        return warnings.find((line) => line.startsWith('OptiPod could not check'));
      });
      expect(unchecked).to.contain('whether you may patch workloads wherever this policy could');
      expect(unchecked).to.contain('subjectaccessreviews.authorization.k8s.io is forbidden');
      expect((await world.results('policies')).unchecked).to.be.greaterThan(0);
    } finally {
      await set(role.rules);
    }
  });

  it('B-WEB-4 with the webhook down policies are written as without it, and judged again when it is back', async () => {
    const nowhere = { selector: { namespaces: { allow: ['nowhere'] } } };
    await world.stopWebhook();
    const silent = await create(kubectlOf(world), written(namespace, 'down', nowhere));
    expect(silent).to.deep.include({ ok: true, warnings: [] });
    await world.startWebhook();
    const told = await waitFor('a warning', async () => {
      const policy = written(namespace, 'up', nowhere);
      const { warnings } = await kubectlOf(world)(['create', '--dry-run=server', '-f', '-'], policy);
      return warnings.length > 0 ? warnings : undefined;
    });
    expect(told).to.include('selector.namespaces.allow names what is not there: nowhere');
  });
}
