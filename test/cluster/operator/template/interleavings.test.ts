import { createClient, isConflict, loadClusterConfig, type KubeClient } from '@optipod/operator/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { Deployment, Namespace, type ResourceRequirements, type WorkloadObject } from 'optipod/kube';
import { amountsByField, ownedBy, templatePlan, type TemplateWay } from 'optipod/lib/apply';
import { release } from '../../../../operator/applying/template/release.js';
import { writeTemplate } from '../../../../operator/applying/template/write.js';
import { WORKLOAD_PROJECTIONS, type Workload } from '../../../../operator/workloads/workload.js';
import { tries } from '../../../support/tries.js';
import { useInstallation } from '../installation.js';
import { workload } from '../objects.js';

const SPACE = 'interleaved';
const NAMES = ['app', 'side', 'proxy'] as const;

const RUNS = tries(5, 300);

// Limits above every request: what is refused is another test's.
const requests = fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.constantFrom('16Mi', '64Mi', '128Mi'), {
  maxKeys: 2,
});
const limits = fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.constantFrom('256Mi', '512Mi'), { maxKeys: 2 });
const resources: fc.Arbitrary<ResourceRequirements> = fc.record({ requests, limits }, { requiredKeys: [] });
const byContainer = fc.record({ app: resources, side: resources, proxy: resources }, { requiredKeys: [] });

type ByContainer = Partial<Record<(typeof NAMES)[number], ResourceRequirements>>;

/** A policy as far as the template goes, with what is recommended now. Whatever has no recommendation is held. */
interface Pass {
  readonly way: TemplateWay;
  readonly updateRequestsOnly: boolean;
  readonly ignored: readonly string[];
  readonly fresh: ByContainer;
}

type Command =
  | { readonly does: 'pass'; readonly pass: Pass }
  | { readonly does: 'stale pass'; readonly pass: Pass; readonly said: ByContainer }
  | { readonly does: 'apply'; readonly manager: string; readonly said: ByContainer }
  | { readonly does: 'patch'; readonly manager: string; readonly said: ByContainer; readonly removed: boolean };

const pass: fc.Arbitrary<Pass> = fc.record({
  way: fc.constantFrom<TemplateWay>('unchanged', 'apply', 'apply', 'apply', 'patch'),
  updateRequestsOnly: fc.boolean(),
  ignored: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...NAMES]) }),
  fresh: byContainer,
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('pass' as const), pass }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('stale pass' as const), pass, said: byContainer }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('apply' as const),
      manager: fc.constantFrom('kubectl', 'argocd-controller'),
      said: byContainer,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('patch' as const),
      manager: fc.constantFrom('kubectl-client-side-apply', 'kubectl-edit'),
      said: byContainer,
      removed: fc.boolean(),
    }),
  },
);

describe('interleavings of what is written to a template', function () {
  this.timeout(RUNS.numRuns * 24_000);
  // Before what the installation does in its own, which may stop the cluster.
  after(async () => {
    await client.close();
    await installation().startOperator();
  });
  const installation = useInstallation();
  let client: KubeClient;
  let count = 0;

  before(async () => {
    // It would let go of everything here, as no policy is about it.
    await installation().stopOperator();
    client = createClient(await loadClusterConfig({ kubeconfig: installation().cluster.kubeconfig }));
    await client.create(Namespace, { metadata: { name: SPACE } });
  });

  it('B-APP-2 no apply, patch or letting go ever leaves a container without what it had', async () => {
    await fc.assert(
      fc.asyncProperty(byContainer, fc.array(command, { minLength: 2, maxLength: 12 }), async (first, commands) => {
        const name = `web-${(count += 1)}`;
        await userApplies(client, name, 'kubectl', first);
        for (const one of commands) await run(client, name, one);
        await client.delete(Deployment, { namespace: SPACE, name });
      }),
      RUNS,
    );
  });
});

async function run(client: KubeClient, name: string, command: Command): Promise<void> {
  switch (command.does) {
    case 'apply':
      return userApplies(client, name, command.manager, command.said);
    case 'patch':
      return userPatches(client, name, command);
    case 'pass':
      return optipodPasses(client, name, command.pass);
    case 'stale pass': {
      const stale = await read(client, name);
      await userPatches(client, name, { manager: 'kubectl-edit', said: command.said, removed: false });
      const before = await read(client, name);
      if (before.metadata.resourceVersion === stale.metadata.resourceVersion) return undefined;
      await writesTo(client, stale, command.pass).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
      const after = await read(client, name);
      expect(after.pod).to.deep.equal(before.pod);
      // Where among all managers they stand is others' doing.
      const said = ({ managers }: Workload) => managers.map(({ place: _, ...manager }) => manager);
      expect(said(after)).to.deep.equal(said(before));
    }
  }
}

/** What the operator does in a pass, held against what there was before. */
async function optipodPasses(client: KubeClient, name: string, pass: Pass): Promise<void> {
  const before = await read(client, name);
  // kube-controller-manager writes the status meanwhile, and another version is looked at anew.
  for (let isDone = false; !isDone;) {
    isDone = await writesTo(client, await read(client, name), pass).then(
      () => true,
      (error: unknown) => {
        if (!isConflict(error)) throw error;
        return false;
      },
    );
  }
  const after = await read(client, name);
  const [had, has] = [before, after].map(({ pod }) => amountsByField(pod));
  for (const [field, value] of had ?? []) {
    const [, container = '', kind = '', resource = ''] = /\[(.*)\]\.(.*)\.(.*)$/.exec(field) ?? [];
    const fresh = pass.fresh[container as keyof ByContainer]?.[kind as 'requests' | 'limits']?.[resource];
    const isMeant = pass.way !== 'unchanged' && !pass.ignored.includes(container) && fresh !== undefined;
    expect(has?.get(field), `${field} after ${JSON.stringify(pass)}`).to.be.oneOf(isMeant ? [fresh, value] : [value]);
  }
  expect(after.content).to.equal(before.content);
  if (pass.way === 'unchanged') {
    expect(ownedBy(after)).to.deep.equal(new Set());
    expect(after.pod).to.deep.equal(before.pod);
  }
}

/** As the operator writes it, from what memory has of the workload. */
async function writesTo(client: KubeClient, found: Workload, { way, updateRequestsOnly, ignored, fresh }: Pass) {
  const writers = writersOf(client);
  const annotated = (of: Workload): Workload => ({
    ...of,
    metadata: { ...of.metadata, annotations: { 'optipod.io/ignore-containers': ignored.join(',') } },
  });
  const isReleased = await release(writers, annotated(found), { way, updateRequestsOnly });
  if (way === 'unchanged') return;
  const workload = annotated(isReleased ? await read(client, found.metadata.name) : found);
  // Requests only where limits are left alone, as the chain recommends.
  const recommended = Object.entries(fresh).map(
    ([name, { requests: said, limits: upTo }]): [string, ResourceRequirements] => [
      name,
      { ...(said ? { requests: said } : {}), ...(upTo && !updateRequestsOnly ? { limits: upTo } : {}) },
    ],
  );
  const plan = templatePlan({ workload, updateRequestsOnly, fresh: new Map(recommended), by: way });
  if (plan.isNews) await writeTemplate(writers, workload, { plan, by: way, onConflicts: () => undefined });
}

function writersOf(client: KubeClient) {
  const writer: Parameters<typeof release>[0]['Deployment'] = {
    apply: (object, options) => client.apply(Deployment, object, { fieldManager: 'optipod', ...options }),
    patch: (ref, body, options) => client.patch(Deployment, ref, body, { type: 'merge', ...options }),
  };
  return { Deployment: writer, StatefulSet: writer, DaemonSet: writer };
}

async function read(client: KubeClient, name: string): Promise<Workload> {
  const object = await client.get(Deployment, { namespace: SPACE, name });
  return WORKLOAD_PROJECTIONS.Deployment(object);
}

function podOf(said: ByContainer) {
  const container = (name: (typeof NAMES)[number]) => ({ name, image: `${name}:1`, resources: said[name] ?? {} });
  return {
    containers: [container('app'), container('side')],
    initContainers: [{ ...container('proxy'), restartPolicy: 'Always' }],
  };
}

async function userApplies(client: KubeClient, name: string, fieldManager: string, said: ByContainer): Promise<void> {
  const { metadata, spec } = workload('Deployment', SPACE, name) as unknown as WorkloadObject;
  const template = { metadata: spec.template.metadata, spec: podOf(said) };
  await client.apply(
    Deployment,
    { metadata: { ...metadata }, spec: { ...spec, template } },
    { fieldManager, force: true },
  );
}

/** As `kubectl apply` and `kubectl edit` do it: what the manifest lost is null in the patch. */
async function userPatches(
  client: KubeClient,
  name: string,
  { manager: fieldManager, said, removed }: { manager: string; said: ByContainer; removed: boolean },
): Promise<void> {
  const { containers, initContainers } = podOf(said);
  const nulled = ({ name: of, resources: own }: (typeof containers)[number]) => {
    const gone = removed ? { cpu: null, memory: null } : {};
    return { name: of, resources: { requests: { ...gone, ...own.requests }, limits: { ...gone, ...own.limits } } };
  };
  const spec = { containers: containers.map(nulled), initContainers: initContainers.map(nulled) };
  await client.patch(
    Deployment,
    { namespace: SPACE, name },
    { spec: { template: { spec } } },
    { type: 'strategic', fieldManager },
  );
}
