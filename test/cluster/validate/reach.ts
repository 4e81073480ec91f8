import { expect } from 'chai';
import { OptimizationPolicy } from 'optipod/lib/api';
import { waitFor } from '../../kit/index.js';
import { createWorkload } from '../webhook/pods.js';
import type { World } from '../webhook/world.js';
import { create, edit, kubectlOf, untilAsked, written, type Kubectl, type Said } from './authors.js';

const WORKLOADS = ['deployments', 'statefulsets', 'daemonsets'];

/** Where everybody here may write policies, and some may patch workloads. */
const TEAM = 'team';

export function reach(here: () => World): void {
  let world: World;
  let admin: Kubectl;
  let jane: Kubectl;
  let serial = 0;

  before(async () => {
    world = here();
    admin = kubectlOf(world);
    jane = kubectlOf(world, 'jane', ['developers', 'system:authenticated']);
    for (const name of [TEAM, 'friends', 'payments']) await world.namespace(name);
    await may('write-policies', TEAM, 'system:authenticated', ['optipod.io'], ['optimizationpolicies'], ['*']);
    await may('patch-workloads', TEAM, 'developers', ['apps'], WORKLOADS);
    await may('patch-workloads', 'friends', 'developers', ['apps'], ['deployments']);
    await may('patch-one', 'payments', 'developers', ['apps'], WORKLOADS, ['patch'], ['web']);
  });

  /** Gives a group rights in a namespace. */
  async function may(
    name: string,
    namespace: string,
    group: string,
    apiGroups: readonly string[],
    resources: readonly string[],
    verbs: readonly string[] = ['patch'],
    resourceNames?: readonly string[],
  ): Promise<void> {
    const rules = [{ apiGroups, resources, verbs, ...(resourceNames ? { resourceNames } : {}) }];
    const api = 'rbac.authorization.k8s.io';
    const metadata = { name, namespace };
    await world.apply([
      { apiVersion: `${api}/v1`, kind: 'Role', metadata, rules },
      {
        apiVersion: `${api}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: api, kind: 'Role', name },
        subjects: [{ apiGroup: api, kind: 'Group', name: group }],
      },
    ]);
    const asked = [
      'auth',
      'can-i',
      verbs[0] === '*' ? 'create' : 'patch',
      resource(resources, resourceNames),
      '-n',
      namespace,
    ];
    const someone = kubectlOf(world, 'somebody', [group]);
    await waitFor(`${group} to have ${name}`, async () => ((await someone(asked)).ok ? true : undefined));
  }

  /** Both processes with other settings, and back. */
  async function restart(webhookFlags: readonly string[] = [], operatorFlags: readonly string[] = []): Promise<void> {
    await world.restart({ webhookFlags, operatorFlags });
    await untilAsked(world, TEAM);
  }

  /** A policy of the team with a selector. */
  const policy = (selector: object, spec: object = {}): object => {
    serial += 1;
    return written(TEAM, `p-${String(serial)}`, { mode: 'Recommend', selector, ...spec });
  };
  const allow = (...names: string[]) => ({ namespaces: { allow: names } });

  function expectRefused({ ok, refusal }: Said, ...parts: readonly string[]): void {
    expect(ok, refusal).to.equal(false);
    expect(refusal).to.contain('Error from server (Forbidden)');
    expect(refusal).to.contain('admission webhook "policies.optipod.io" denied the request');
    for (const part of parts) expect(refusal).to.contain(part);
  }

  it('B-SEL-5 who may patch the workloads of the namespaces that a policy names may write it', async () => {
    expect((await create(jane, policy(allow(TEAM)))).refusal).to.equal('');
    const byLabel = { matchLabels: { 'kubernetes.io/metadata.name': TEAM } };
    expect((await create(jane, policy({ namespaceSelector: byLabel }))).refusal).to.equal('');
  });

  it('B-SEL-5 and otherwise is refused, with what is missing and where', async () => {
    expectRefused(
      await create(jane, policy(allow(TEAM, 'payments', 'friends'))),
      'the policy reaches "payments", "friends", where user "jane" may not patch deployments.apps, statefulsets.apps, daemonsets.apps',
    );
    expectRefused(await create(jane, policy(allow('kube-system'))), '"kube-system"');
  });

  it('B-SEL-5 asks for the kinds only that the policy can select', async () => {
    const kinds = { workloadTypes: { include: ['Deployment', 'StatefulSet'], exclude: ['StatefulSet'] } };
    expect((await create(jane, policy({ ...allow('friends'), ...kinds }))).refusal).to.equal('');
    expectRefused(await create(jane, policy(allow('friends'))), 'statefulsets.apps, daemonsets.apps');
  });

  it('B-SEL-5 a policy that can reach any namespace needs the right to all', async () => {
    for (const selector of [
      { namespaceSelector: { matchLabels: { team: 'web' } } },
      { workloadTypes: { include: ['DaemonSet'] } },
      { namespaces: { deny: ['payments'] } },
    ]) {
      expectRefused(await create(jane, policy(selector)), 'the policy can reach every namespace, now or later');
      expect((await create(admin, policy(selector))).refusal).to.equal('');
    }
  });

  it('B-SEL-5 a policy that does nothing needs no right; switching it on does', async () => {
    const off = policy(allow('payments'), { mode: 'Disabled' }) as { readonly metadata: { readonly name: string } };
    expect((await create(jane, off)).refusal).to.equal('');
    expectRefused(await edit(jane, TEAM, off.metadata.name, { spec: { mode: 'Auto' } }), '"payments"');
  });

  it('B-SEL-5 judges who makes the change: what he makes wider or other, not what he makes less', async () => {
    const everywhere = written(TEAM, 'everywhere', {
      mode: 'Auto',
      selector: { workloadTypes: { include: ['Deployment'] } },
    });
    expect((await create(admin, everywhere)).refusal).to.equal('');
    const by = (kubectl: Kubectl, patch: object) => edit(kubectl, TEAM, 'everywhere', patch);
    expectRefused(await by(jane, { spec: { resourceBounds: { cpu: { min: '1m' } } } }), 'every namespace');
    expectRefused(await by(jane, { spec: { weight: 900 } }), 'every namespace');
    // Labels and finalizers are nobody's business, as they are for a controller that cleans up.
    expect((await by(jane, { metadata: { labels: { a: 'b' }, finalizers: ['example.com/x'] } })).refusal).to.equal('');
    expect((await by(jane, { metadata: { finalizers: [] } })).refusal).to.equal('');
    expect((await by(jane, { spec: { selector: { namespaces: { deny: [TEAM] } } } })).refusal).to.equal('');
    expect((await by(jane, { spec: { mode: 'Disabled' } })).refusal).to.equal('');
    expectRefused(await by(jane, { spec: { mode: 'Auto' } }), 'every namespace');
    expect((await by(admin, { spec: { mode: 'Auto' } })).refusal).to.equal('');
  });

  it('B-SEL-5 a controller that applies for others is judged as itself', async () => {
    const account = ['system:serviceaccounts', 'system:authenticated'];
    const argo = kubectlOf(world, 'system:serviceaccount:argocd:controller', account);
    expectRefused(await create(argo, policy(allow(TEAM))), 'user "system:serviceaccount:argocd:controller"');
    await may('patch-workloads-too', TEAM, 'system:serviceaccounts', ['apps'], WORKLOADS);
    expect((await create(argo, policy(allow(TEAM)))).refusal).to.equal('');
  });

  it('B-SEL-5 hundreds of namespaces are no way around it', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `n-${String(index)}`);
    expectRefused(await create(jane, policy(allow(...many))), 'the policy names 300 namespaces', 'split the policy');
    expectRefused(await create(jane, policy(allow(...many.slice(0, 99), TEAM))), '"n-0"', 'and 94 more');
    expect((await create(admin, policy(allow(...many)))).refusal).to.equal('');
  });

  it('B-SEL-5 a setting turns it off', async () => {
    await restart(['--check-authors=false']);
    expect((await create(jane, policy(allow('payments')))).refusal).to.equal('');
    await restart();
    expectRefused(await create(jane, policy(allow('payments'))));
  });

  it('B-SEL-5 policyScope Namespace refuses what names others, and keeps everything else to its own', async () => {
    const flags = ['--policy-scope=Namespace'];
    await restart(flags, flags);
    const { ok, refusal } = await create(jane, policy(allow(TEAM, 'payments')));
    expect(ok).to.equal(false);
    expect(refusal).to.match(
      /^The OptimizationPolicy "p-\d+" is invalid: spec.selector.namespaces.allow\[1\]: Forbidden/,
    );
    expect(refusal).to.contain('policies reach no namespace but their own here (policyScope: Namespace)');
    for (const namespace of [TEAM, 'payments']) await createWorkload(world, namespace, 'web', { replicas: 0 });
    const everything = written(TEAM, 'own', {
      mode: 'Recommend',
      weight: 999,
      selector: { workloadTypes: { include: ['Deployment'] } },
    });
    expect((await create(jane, everything)).refusal).to.equal('');
    const ref = { namespace: TEAM, name: 'own' };
    await waitFor('the operator to keep to it', async () => {
      const { status } = await world.client.get(OptimizationPolicy, ref);
      if (status?.workloadsDiscovered !== 1) throw new Error(JSON.stringify(status));
      return true;
    });
    await restart();
    // The very same policy reaches the other one, too, where policies may.
    await edit(admin, TEAM, 'own', { spec: { reconciliationInterval: '10m' } });
    await waitFor('the operator to reach farther', async () => {
      const { status } = await world.client.get(OptimizationPolicy, ref);
      return (status?.workloadsDiscovered ?? 0) > 1 ? true : undefined;
    });
  });
}

function resource([first = '']: readonly string[], [name]: readonly string[] = []): string {
  return name === undefined ? first : `${first}/${name}`;
}
