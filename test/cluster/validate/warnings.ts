import { expect } from 'chai';
import { Namespace } from 'optipod/kube';
import { WorkloadRecommendation } from 'optipod/lib/api';
import { waitFor } from '../../kit/index.js';
import { createWorkload } from '../webhook/pods.js';
import type { World } from '../webhook/world.js';
import { create, edit, kubectlOf, written, type Kubectl } from './authors.js';

export function warnings(here: () => World): void {
  let world: World;
  let admin: Kubectl;

  before(async () => {
    world = here();
    admin = kubectlOf(world);
    for (const name of ['shop', 'other']) await world.namespace(name);
    await world.namespace('unlabelled', {});
    for (const namespace of ['shop', 'unlabelled']) {
      for (const name of ['web', 'api', 'jobs']) await createWorkload(world, namespace, name);
    }
  });

  /** What kubectl prints for a policy, once memory has caught up with what there is. */
  async function said(name: string, spec: object, expected: readonly string[], more: object = {}): Promise<void> {
    const dryRun = ['create', '--dry-run=server', '-f', '-'];
    const answer = await waitFor(`what is said about ${name}`, async () => {
      const { ok, warnings: lines, refusal } = await admin(dryRun, written('shop', name, spec, more));
      expect(ok, refusal).to.equal(true);
      return JSON.stringify(lines) === JSON.stringify(expected) ? lines : Promise.reject(new Error(lines.join('\n')));
    });
    expect(answer).to.deep.equal(expected);
  }

  it('are none for a policy that does what it says', () => said('good', {}, []));

  it('matches nothing today', async () => {
    await said('nothing', { selector: { namespaces: { allow: ['other'] } } }, [
      'the policy matches no workload today: there is none in other',
    ]);
    await said('no-namespace', { selector: { namespaceSelector: { matchLabels: { team: 'none' } } } }, [
      'the policy matches no workload today: no namespace satisfies the selector',
    ]);
  });

  it('B-API-10 deny that empties allow', () =>
    said('emptied', { selector: { namespaces: { allow: ['shop'], deny: ['shop'] } } }, [
      'the policy matches nothing: selector.namespaces.deny names every namespace that selector.namespaces.allow names',
    ]));

  it('webhook strategy with namespaces that are not labelled, until they are', async () => {
    const selector = { namespaces: { allow: ['shop', 'unlabelled'] } };
    await said('unlabelled', { selector }, [
      'new pods get what is recommended only in namespaces labelled optipod.io/webhook=enabled; without it: unlabelled',
    ]);
    const labels = { 'optipod.io/webhook': 'enabled' };
    await world.client.patch(Namespace, { name: 'unlabelled' }, { metadata: { labels } }, { type: 'merge' });
    await said('unlabelled', { selector }, []);
  });

  it('B-SEL-4 shadowed by a heavier policy, wholly or in part', async () => {
    const inShop = { namespaces: { allow: ['shop'] } };
    const one = { ...inShop, workloadTypes: { include: ['Deployment'] } };
    expect((await create(admin, written('other', 'heavy', { weight: 200, selector: one }))).ok).to.equal(true);
    await said('shadowed', {}, [
      'all 3 workloads that the policy matches are governed by a policy with more weight, or an older one; the annotation optipod.io/policy says which',
    ]);
    await said('partly', { selector: { namespaces: { allow: ['shop', 'unlabelled'] } } }, [
      '3 of the 6 workloads that the policy matches are governed by a policy with more weight, or an older one; the annotation optipod.io/policy says which',
    ]);
    await said('heavier', { weight: 300 }, []);
    expect((await edit(admin, 'other', 'heavy', { spec: { mode: 'Disabled' } })).warnings).to.deep.equal([]);
    await said('not-any-more', {}, []);
  });

  it('B-OBS-1 bounds that usage never gets between, of workloads that something was recommended for', async () => {
    for (const [name, value] of [
      ['web', '20m'],
      ['api', '80m'],
    ] as const) {
      const metadata = { namespace: 'shop', name: `deployment-${name}` };
      const workload = { kind: 'Deployment', name, uid: name };
      const policy = { namespace: 'shop', name: 'gone', uid: 'gone' };
      const cpu = { steps: [{ step: 'SafetyFactor', value }] };
      const status = { containers: [{ name: 'app', cpu }] };
      await world.client.create(WorkloadRecommendation, { metadata, spec: { workload, policy }, status });
    }
    const memory = { min: '64Mi', max: '1Gi' };
    await said('high', { resourceBounds: { cpu: { min: '500m', max: '4' }, memory } }, [
      'resourceBounds.cpu.min decides the cpu of all 2 containers: usage asks for 20m to 80m',
    ]);
    await said('fits', { resourceBounds: { cpu: { min: '50m', max: '4' }, memory } }, []);
  });

  it('several at once, each on a line of its own', () =>
    said(
      'slips',
      {
        selector: { namespaces: { allow: ['shop', 'shopp', 'kube-system'] } },
        updateStrategy: { strategy: 'ssa', rolloutStrategy: 'immediate' },
      },
      [
        'selector.namespaces.allow names what is not there: shopp',
        'updateStrategy.rolloutStrategy has no effect: it is for the strategy webhook',
      ],
    ));

  it('B-API-9 are said where the spec is edited, and not where labels are', async () => {
    const selector = { namespaces: { allow: ['other'] } };
    expect((await create(admin, written('shop', 'edited', { selector }))).warnings).to.have.lengthOf(1);
    expect((await edit(admin, 'shop', 'edited', { metadata: { labels: { a: 'b' } } })).warnings).to.deep.equal([]);
    expect((await edit(admin, 'shop', 'edited', { spec: { weight: 7 } })).warnings).to.have.lengthOf(1);
  });
}
