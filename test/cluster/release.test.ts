import { expect } from 'chai';
import { Deployment, Namespace, type ResourceRequirements, type WorkloadObject } from 'optipod/kube';
import { templatePlan, type TemplateWay } from 'optipod/lib/apply';
import { release } from '../../operator/applying/template/release.js';
import { writeTemplate } from '../../operator/applying/template/write.js';
import { createClient, loadClusterConfig, type KubeClient } from '../../operator/runtime/index.js';
import { WORKLOAD_PROJECTIONS, type Workload } from '../../operator/workloads/workload.js';
import { OLDEST, orSkip } from '../kit/extras.js';
import { sharedCluster, startCluster, waitFor, type Cluster } from '../kit/index.js';
import { workload } from './operator/objects.js';

const SOON = { everyMs: 50, timeoutMs: 20_000 };
const SPACE = 'letting-go';
const WANTED: ResourceRequirements = {
  requests: { cpu: '240m', memory: '512Mi' },
  limits: { cpu: '480m', memory: '1Gi' },
};

/** Who said a field is looked after by each version in its own way. */
for (const version of ['newest', OLDEST]) {
  describe(`letting go of a template, with kube-apiserver ${version}`, function () {
    this.timeout(60_000);
    let cluster: Cluster;
    let client: KubeClient;

    before(async function () {
      cluster = await orSkip(this, async () =>
        version === OLDEST ? await startCluster({ name: 'release', version }) : await sharedCluster('control-plane'),
      );
      client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
      await client.create(Namespace, { metadata: { name: SPACE } });
    });

    after(async () => {
      await client.delete(Namespace, { name: SPACE });
      await client.close();
      if (version === OLDEST) await cluster.stop();
    });

    const read = async (name: string) => client.get(Deployment, { namespace: SPACE, name });
    const seen = async (name: string): Promise<Workload> => WORKLOAD_PROJECTIONS.Deployment(await read(name));
    const managersOf = ({ metadata }: WorkloadObject) =>
      ((metadata as { managedFields?: readonly { readonly manager: string }[] }).managedFields ?? []).map(
        ({ manager }) => manager,
      );

    function writers() {
      const writer: Parameters<typeof release>[0]['Deployment'] = {
        apply: (object, options) => client.apply(Deployment, object, { fieldManager: 'optipod', ...options }),
        patch: (ref, body, options) => client.patch(Deployment, ref, body, { type: 'merge', ...options }),
      };
      return { Deployment: writer, StatefulSet: writer, DaemonSet: writer };
    }

    /** kube-controller-manager writes the status meanwhile, and another version is looked at anew. */
    const anew = <T>(what: string, act: () => Promise<T | undefined>): Promise<T> => waitFor(what, act, SOON);

    /** A user's Deployment, with what is recommended written to its template. */
    async function written(name: string, by: 'apply' | 'patch'): Promise<WorkloadObject> {
      await client.apply(Deployment, workload('Deployment', SPACE, name) as unknown as WorkloadObject, {
        fieldManager: 'kubectl',
      });
      await anew('it to be written', async () => {
        const before = await seen(name);
        const plan = templatePlan({
          workload: before,
          updateRequestsOnly: false,
          fresh: new Map([['app', WANTED]]),
          by,
        });
        await writeTemplate(writers(), before, { plan, by, onConflicts: () => undefined });
        return true;
      });
      const after = await read(name);
      expect(after.spec.template.spec.containers[0]?.resources).to.deep.equal(WANTED);
      expect(managersOf(after)).to.include('optipod');
      return after;
    }

    for (const by of ['apply', 'patch'] as const) {
      it(`B-APP-2 what was written by ${by} stays as it is, and is no word of OptiPod's any more`, async () => {
        const name = `web-${by}`;
        const before = await written(name, by);
        const how = { way: 'unchanged' as TemplateWay, updateRequestsOnly: false };
        await anew('it to be let go of', async () => (await release(writers(), await seen(name), how)) || undefined);
        const after = await read(name);
        expect(after.spec).to.deep.equal(before.spec);
        expect(after.metadata.generation).to.equal(before.metadata.generation);
        expect(managersOf(after)).to.include('kubectl').and.not.include('optipod');
        // There is nothing left to let go of, and nothing that an apply would take away with it.
        expect(await release(writers(), await seen(name), how)).to.equal(false);
        await client.apply(
          Deployment,
          { metadata: { namespace: SPACE, name, labels: { seen: 'true' } } },
          { fieldManager: 'optipod' },
        );
        expect((await read(name)).spec).to.deep.equal(before.spec);
      });
    }
  });
}
