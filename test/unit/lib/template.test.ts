import { expect } from 'chai';
import fc from 'fast-check';
import type { ResourceRequirements } from 'optipod/kube';
import {
  amountsByField,
  fieldName,
  managedFields,
  releasePatch,
  resizableFields,
  resourceManagers,
  templatePlan,
  templateSpec,
  type OwnedResource,
  type TemplateWorkload,
} from 'optipod/lib/apply';
import { managedFieldsOf } from './managed-fields.js';

const NAMES = ['app', 'proxy', 'migrate'] as const;
const amount = fc.constantFrom('100m', '0.1', '250m', '64Mi', '1Gi');
const amounts = fc.dictionary(fc.constantFrom('cpu', 'memory'), amount, { maxKeys: 2 });
const requirements = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] });

/** Two containers, a sidecar or not. */
const pod = fc
  .tuple(requirements, requirements, requirements, fc.boolean())
  .map(([app, proxy, migrate, isSidecar]) => ({
    containers: [{ name: 'app', resources: app }],
    initContainers: [
      { name: 'proxy', resources: proxy, ...(isSidecar ? { restartPolicy: 'Always' } : {}) },
      { name: 'migrate', resources: migrate },
    ],
  }));

/** A workload of which OptiPod owns any part of what it says. */
const workload = fc
  .tuple(pod, fc.infiniteStream(fc.boolean()), fc.subarray([...NAMES]))
  .map(([own, owned, ignored]): TemplateWorkload => {
    const live = amountsByField(own);
    const fields = resizableFields(own).filter((field) => live.has(fieldName(field)) && owned.next().value === true);
    return {
      metadata: { annotations: { 'optipod.io/ignore-containers': ignored.join(',') } },
      pod: own,
      managers: resourceManagers(managedFieldsOf(fields)),
    };
  });

const fresh = fc
  .dictionary(fc.constantFrom(...NAMES, 'gone'), requirements)
  .map((containers) => new Map<string, ResourceRequirements>(Object.entries(containers)));

const input = fc.record({ workload, updateRequestsOnly: fc.boolean(), fresh });

const owned = ({ managers }: TemplateWorkload): OwnedResource[] => managers.flatMap(({ fields }) => fields);

describe('what a template is told', () => {
  it('B-APP-2 an apply leaves out nothing that OptiPod still owns: what it owned besides is let go of first', () => {
    fc.assert(
      fc.property(input, (given) => {
        const released = afterRelease(given.workload, given.updateRequestsOnly);
        const said = templatePlan({ ...given, workload: released, by: 'apply' }).amounts.map(fieldName);
        expect(said).to.include.members(owned(released).map(fieldName));
      }),
    );
  });

  it('B-APP-2 what is held or unknown is said at its live value, and only where it is owned', () => {
    fc.assert(
      fc.property(input, ({ workload: given, updateRequestsOnly }) => {
        const { amounts: said, changes } = templatePlan({
          workload: given,
          updateRequestsOnly,
          fresh: new Map(),
          by: 'apply',
        });
        const live = amountsByField(given.pod);
        expect(changes).to.deep.equal([]);
        for (const one of said) expect(one.value).to.equal(live.get(fieldName(one)));
        const own = owned(given).map(fieldName);
        expect(own).to.include.members(said.map(fieldName));
      }),
    );
  });

  it('B-APP-2 the same numbers again are no news, whatever they are', () => {
    fc.assert(
      fc.property(input, fc.constantFrom('apply' as const, 'patch' as const), (given, by) => {
        const first = templatePlan({ ...given, by });
        const after = written(given.workload, first.amounts, by);
        const { isNews, changes } = templatePlan({ ...given, workload: after, by });
        expect({ isNews, changes }).to.deep.equal({ isNews: false, changes: [] });
      }),
    );
  });

  it('B-APP-12 names only containers and sidecars of the template, and none that is ignored', () => {
    fc.assert(
      fc.property(input, (given) => {
        const { amounts: said } = templatePlan({ ...given, by: 'apply' });
        const may = managedFields(given.workload, given.updateRequestsOnly).map(fieldName);
        expect(may).to.include.members(said.map(fieldName));
        expect(said.map(({ container }) => container))
          .not.to.include('gone')
          .and.not.to.include('migrate');
      }),
    );
  });

  it('B-APP-2 the body is containers by name with their resources, sidecars among the init containers', () => {
    const { amounts: said } = templatePlan({
      workload: {
        metadata: {},
        pod: { containers: [{ name: 'app' }], initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] },
        managers: [],
      },
      updateRequestsOnly: false,
      fresh: new Map([
        ['app', { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m' } }],
        ['proxy', { requests: { cpu: '10m' } }],
      ]),
      by: 'apply',
    });
    expect(templateSpec(said)).to.deep.equal({
      template: {
        spec: {
          containers: [
            { name: 'app', resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m' } } },
          ],
          initContainers: [{ name: 'proxy', resources: { requests: { cpu: '10m' } } }],
        },
      },
    });
  });

  it('B-APP-2 a patch says what changes, and letting go of it all leaves no entry of OptiPod', () => {
    fc.assert(
      fc.property(input, (given) => {
        const { amounts: said, changes } = templatePlan({ ...given, by: 'patch' });
        expect(changes.map(({ from: _, ...amount }) => amount)).to.deep.equal(said);
        const patch = releasePatch({
          workload: identified(given.workload),
          way: 'unchanged',
          updateRequestsOnly: true,
        });
        const removals = (patch ?? []).filter(({ op }) => op === 'remove');
        expect(removals).to.have.length(given.workload.managers.length);
      }),
    );
  });
});

function identified(given: TemplateWorkload) {
  return { ...given, metadata: { ...given.metadata, uid: 'u', resourceVersion: '7' } };
}

/** The workload once what is to be let go of is: read from the patch itself. */
function afterRelease(given: TemplateWorkload, updateRequestsOnly: boolean): TemplateWorkload {
  const patch = releasePatch({ workload: identified(given), way: 'apply', updateRequestsOnly });
  if (!patch) return given;
  const [uid, version, ...operations] = patch;
  expect([uid?.path, version?.path]).to.deep.equal(['/metadata/uid', '/metadata/resourceVersion']);
  const [operation] = operations;
  if (!operation || operation.op === 'remove') return { ...given, managers: [] };
  const [entry = {}] = managedFieldsOf([]);
  const fieldsV1 = operation.value as Record<string, unknown>;
  return { ...given, managers: resourceManagers([{ ...entry, fieldsV1 }]) };
}

/** As kube-apiserver has it after an apply, or a patch, that says this. */
function written(
  given: TemplateWorkload,
  said: readonly (OwnedResource & { readonly value: string })[],
  by: 'apply' | 'patch',
): TemplateWorkload {
  const values = new Map(said.map((one) => [fieldName(one), one.value]));
  const list = (name: 'containers' | 'initContainers') =>
    (given.pod[name] ?? []).map((container) => {
      const resources: Record<string, Record<string, string>> = {};
      for (const field of ['requests', 'limits'] as const) {
        for (const resource of ['cpu', 'memory'] as const) {
          const key = fieldName({ container: container.name, list: name, field, resource });
          const value = values.get(key) ?? container.resources?.[field]?.[resource];
          if (value !== undefined) resources[field] = { ...resources[field], [resource]: String(value) };
        }
      }
      return { ...container, resources };
    });
  const pod = { containers: list('containers'), initContainers: list('initContainers') };
  const managers = by === 'apply' ? resourceManagers(managedFieldsOf(said)) : given.managers;
  return { ...given, pod, managers };
}
