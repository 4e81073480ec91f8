import { expect } from 'chai';
import { treeAt, type Tree } from '../../../documents/tree.js';
import { waitFor } from '../../../kit/index.js';
import { useInstallation } from '../installation.js';
import { Templates, writing } from './templates.js';

/** A second container, of which there is no usage. */
const silent = (resources: Tree) => ({
  spec: { template: { spec: { containers: [{ name: 'app' }, { name: 'silent', image: 'silent:1', resources }] } } },
});

describe('the strategy ssa', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;

  describe('B-APP-2 by server-side apply', () => {
    let template: Templates;
    const SILENT = { requests: { cpu: '70m', memory: '70Mi' } };

    before(async () => {
      template = new Templates(installation(), 'template');
      await template.create(silent(SILENT));
      await objects().create(writing('template'));
      await objects().saying(template.web, 'applied', (said) => said['last-applied'] !== undefined);
    });

    it('writes what is recommended in one rollout, and nothing of containers without a recommendation', async () => {
      expect(await template.resources()).to.deep.equal({
        app: { requests: { cpu: '240m', memory: '240Mi' } },
        silent: SILENT,
      });
      expect(await template.rollouts()).to.equal(2);
    });

    it('is first not forced, and its body names uid, version and resources alone', () => {
      const [first, second, ...others] = template.decided();
      expect(others).to.deep.equal([]);
      expect([first, second].map((request) => request?.responseStatus?.code)).to.deep.equal([409, 200]);
      expect(first?.requestURI).to.contain('fieldManager=optipod').and.not.to.contain('force');
      expect(second?.requestURI).to.contain('fieldManager=optipod').and.to.contain('force=true');
      const { metadata, spec } = second?.requestObject as { metadata: object; spec: unknown };
      expect(metadata).to.have.all.keys('namespace', 'name', 'uid', 'resourceVersion');
      expect(spec).to.deep.equal({
        template: {
          spec: { containers: [{ name: 'app', resources: { requests: { cpu: '240m', memory: '240Mi' } } }] },
        },
      });
    });

    it('B-APP-3 tells whom it took fields from', async () => {
      const [message = '', ...others] = await waitFor('the event', async () => {
        const told = await template.events('SSAOwnershipTaken');
        return told.length > 0 ? told : undefined;
      });
      expect(others).to.deep.equal([]);
      expect(message).to.match(/: requests\.cpu of app, requests\.memory of app from kubectl$/);
    });

    it('B-ANN-2 says the strategy on the workload, and when something was applied', async () => {
      const said = await objects().said(template.web);
      expect(said).to.include({ strategy: 'ssa', 'recommendation.app.cpu-request': '240m' });
      expect(said['last-applied']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Object.keys(said)).not.to.include('cpu-request.app');
      const wrec = await objects().get('WorkloadRecommendation/template/deployment-web');
      expect(treeAt(wrec, 'status.lastApplied')).to.equal(said['last-applied']);
      expect(treeAt(wrec, 'status.summary.state')).to.equal('Applied');
      expect(treeAt(wrec, 'status.applying.originals')).to.deep.include({
        name: 'app',
        cpu: { request: '500m' },
        memory: { request: '512Mi' },
      });
      await objects().condition(template.policy, 'Applying', 'ThroughServerSideApply');
    });

    it('makes no request for the same numbers', async () => {
      const before = template.writes().length;
      for (let pass = 0; pass < 2; pass += 1) await objects().evaluate(template.policy);
      expect(template.writes()).to.have.length(before);
      expect(await template.rollouts()).to.equal(2);
    });

    it('says a held resource again at its live value', async () => {
      // Memory would be 244Mi, too small a change to matter; CPU is not.
      const cpu = { min: '300m', max: '8' };
      await objects().patch(template.policy, {
        spec: { resourceBounds: { cpu }, metricsConfig: { safetyFactor: 1.22 } },
      });
      await waitFor('the new CPU', async () => ((await template.rollouts()) === 3 ? true : undefined), {
        timeoutMs: 20_000,
      });
      expect(await template.resources()).to.deep.equal({
        app: { requests: { cpu: '300m', memory: '240Mi' } },
        silent: SILENT,
      });
      expect(treeAt(template.writes().at(-1)?.requestObject, 'spec.template.spec.containers')).to.deep.equal([
        { name: 'app', resources: { requests: { cpu: '300m', memory: '240Mi' } } },
      ]);
    });

    it('lets go of limits that are no longer managed, and of ignored containers, without removing anything', async () => {
      await objects().patch(template.policy, { spec: { updateStrategy: { updateRequestsOnly: false } } });
      const limits = { cpu: '300m', memory: '269Mi' };
      await waitFor('limits', async () => {
        const { app } = await template.resources();
        expect(app).to.deep.include({ limits });
        return true;
      });
      const rollouts = await template.rollouts();
      const owned = async () => JSON.stringify(treeAt(await objects().get(template.web), 'metadata.managedFields'));
      expect(await owned()).to.contain('"f:limits"');
      await objects().patch(template.policy, { spec: { updateStrategy: { updateRequestsOnly: true } } });
      await waitFor('limits let go of', async () => ((await owned()).includes('"f:limits"') ? undefined : true));
      await objects().patch(template.policy, { spec: { resourceBounds: { cpu: { min: '300m', max: '8' } } } });
      await objects().evaluate(template.policy);
      expect((await template.resources()).app).to.deep.include({ limits });
      await objects().annotate(template.web, { 'optipod.io/ignore-containers': 'app' });
      await waitFor('everything let go of', async () =>
        (await template.managers()).includes('optipod Apply') ? undefined : true,
      );
      expect((await template.resources()).app).to.deep.include({ limits });
      expect(await template.rollouts()).to.equal(rollouts);
    });
  });

  it('B-APP-2 B-APP-12 with useServerSideApply false patches resources alone, of containers by name', async () => {
    const template = new Templates(installation(), 'patched');
    const init = [
      { name: 'migrate', image: 'migrate:1', resources: { requests: { cpu: '1' } } },
      { name: 'proxy', image: 'proxy:1', restartPolicy: 'Always' },
    ];
    await template.create({ spec: { template: { spec: { initContainers: init } } } });
    await objects().create(writing('patched', { updateStrategy: { useServerSideApply: false } }));
    await objects().saying(template.web, 'applied', (said) => said['last-applied'] !== undefined);
    expect((await template.resources()).app).to.deep.equal({ requests: { cpu: '240m', memory: '240Mi' } });
    // The order of containers and an image change while OptiPod is about to write.
    const edits = Array.from({ length: 20 }, (_, index) => `app:${index}`);
    await Promise.all([
      (async () => {
        for (const image of edits) {
          const containers = [
            { name: 'first', image: 'first:1' },
            { name: 'app', image },
          ];
          const { code, body } = await objects().api.ask(
            'PATCH',
            `/apis/apps/v1/namespaces/patched/deployments/web?fieldManager=edit`,
            { spec: { template: { spec: { containers } } } },
            'application/strategic-merge-patch+json',
          );
          expect(code, JSON.stringify(body)).to.equal(200);
        }
      })(),
      (async () => {
        for (const factor of [1.4, 1.6, 1.8]) {
          await objects().patch(template.policy, { spec: { metricsConfig: { safetyFactor: factor } } });
          await objects().settled(template.policy);
        }
      })(),
    ]);
    await waitFor('both', async () => {
      const containers = treeAt(await objects().get(template.web), 'spec.template.spec.containers') as Tree[];
      const app = containers.find(({ name }) => name === 'app');
      expect(app).to.deep.include({ image: edits.at(-1), resources: { requests: { cpu: '360m', memory: '360Mi' } } });
      return true;
    });
    expect((await template.resources()).migrate).to.deep.equal({ requests: { cpu: '1' } });
    const body = template.writes().at(-1)?.requestObject as Tree;
    expect(treeAt(body, 'spec.template.spec.containers')).to.deep.equal([
      { name: 'app', resources: { requests: { cpu: '360m', memory: '360Mi' } } },
    ]);
    expect(await template.managers())
      .to.include('optipod Update')
      .and.not.to.include('optipod Apply');
    await objects().condition(template.policy, 'Applying', 'ThroughPatch');
  });

  it('B-APP-8 tells what kube-apiserver does not take, with a suggestion, and goes on with the others', async () => {
    const template = new Templates(installation(), 'refused');
    const validation = (name: string): Tree => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: name,
      metadata: { name: 'refused' },
    });
    await template.create();
    await objects().create(
      {
        ...validation('ValidatingAdmissionPolicy'),
        spec: {
          matchConstraints: {
            resourceRules: [
              { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] },
            ],
          },
          validations: [
            {
              expression:
                "object.metadata.name != 'web' || object.spec.template.spec.containers[0].resources == oldObject.spec.template.spec.containers[0].resources",
              message: 'no other resources here',
            },
          ],
        },
      },
      {
        ...validation('ValidatingAdmissionPolicyBinding'),
        spec: {
          policyName: 'refused',
          validationActions: ['Deny'],
          matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'refused' } } },
        },
      },
    );
    try {
      // A policy of admission takes a moment until it is in force.
      await waitFor('the policy of admission', async () => {
        const path = '/apis/apps/v1/namespaces/refused/deployments/web?dryRun=All';
        const containers = [{ name: 'app', resources: { requests: { cpu: '1' } } }];
        const { code } = await objects().api.ask(
          'PATCH',
          path,
          { spec: { template: { spec: { containers } } } },
          'application/strategic-merge-patch+json',
        );
        return code === 422 ? true : undefined;
      });
      await objects().create(writing('refused'));
      const [message = ''] = await waitFor('the event', async () => {
        const told = await template.events('Invalid');
        return told.length > 0 ? told : undefined;
      });
      expect(message).to.contain('no other resources here').and.to.contain('resourceBounds');
      expect((await template.resources()).app).to.deep.equal({ requests: { cpu: '500m', memory: '512Mi' } });
      const wrec = await objects().get('WorkloadRecommendation/refused/deployment-web');
      expect(treeAt(wrec, 'status.summary.reason')).to.equal('Invalid');
      await objects().condition(template.policy, 'Ready', 'PolicyActive');
    } finally {
      await objects().remove('ValidatingAdmissionPolicyBinding/refused');
      await objects().remove('ValidatingAdmissionPolicy/refused');
    }
  });
});
