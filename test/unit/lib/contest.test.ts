import { expect } from 'chai';
import type { PodSpec } from 'optipod/kube';
import {
  advice,
  appliedWith,
  conflictsIn,
  contested,
  describeConflicts,
  letGo,
  originalsOf,
  resourceManagers,
  restoration,
  withoutPast,
  type ApplyingState,
  type OwnedResource,
  type TemplateWorkload,
} from 'optipod/lib/apply';
import { suspensionAt } from 'optipod/lib/recommend';
import { managedFieldsOf } from './managed-fields.js';

const CPU: OwnedResource = { container: 'app', list: 'containers', field: 'requests', resource: 'cpu' };
const MEMORY: OwnedResource = { ...CPU, resource: 'memory' };
const NOW = Date.parse('2026-01-02T12:00:00Z') / 1000;

const requesting = (cpu?: string, memory?: string): PodSpec => ({
  containers: [
    {
      name: 'app',
      resources: { requests: { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) } },
    },
  ],
});

/** A template whose fields are those of these managers. */
function workload(pod: PodSpec, owners: Readonly<Record<string, readonly OwnedResource[]>> = {}) {
  const managed = Object.entries(owners).flatMap(([manager, fields]) => managedFieldsOf(fields, manager));
  const managers = resourceManagers(managed);
  return { metadata: {}, pod, managers, content: 'rest' } satisfies TemplateWorkload & { content: string };
}

function look(applying: ApplyingState, is: ReturnType<typeof workload>, now = NOW) {
  const rest = { updateRequestsOnly: true, policy: 'policy/1', holdoff: 6 * 3600, suspension: undefined };
  return contested({ applying, workload: is, now, ...rest });
}

const ORIGINALS = [{ name: 'app', cpu: { request: '500m' }, memory: { request: '512Mi' } }];
const APPLIED = [{ name: 'app', cpu: { request: '240m' }, memory: { request: '240Mi' } }];
const applying: ApplyingState = { originals: ORIGINALS, applied: APPLIED };

describe('whose template it is', () => {
  it("B-GIT-3 a field that is OptiPod's, or as it wrote it, is not taken back", () => {
    expect(look(applying, workload(requesting('240m', '240Mi')))).to.deep.equal({ applying });
    expect(look(applying, workload(requesting('0.24', '240Mi')))).to.deep.equal({ applying });
    // Written, and the operator ended before it could remember.
    const newer = workload(requesting('300m', '240Mi'), { optipod: [CPU, MEMORY] });
    expect(look(applying, newer)).to.deep.equal({ applying });
    expect(look({}, workload(requesting('1', '1Gi'), { kubectl: [CPU] }))).to.deep.equal({ applying: {} });
  });

  it("B-GIT-3 another value by another's hand is, and what he said is the original from then on", () => {
    const taken = workload(requesting('600m', '240Mi'), { 'argocd-controller': [CPU], optipod: [MEMORY] });
    const { applying: next, told } = look(applying, taken);
    const { reason, message = '' } = told ?? {};
    expect(reason).to.equal('SSAConflict');
    expect(message).to.contain('argocd-controller took back what OptiPod applied');
    expect(message).to.contain('containers[app].requests.cpu 240m -> 600m').and.to.contain('RespectIgnoreDifferences');
    expect(next).to.deep.equal({
      originals: [{ name: 'app', cpu: { request: '600m' }, memory: { request: '512Mi' } }],
      applied: [{ name: 'app', memory: { request: '240Mi' } }],
      takenBack: [{ at: '2026-01-02T12:00:00Z', by: 'argocd-controller' }],
    });
    // It is told once.
    expect(look(next, taken)).to.deep.equal({ applying: next });
  });

  it('B-GIT-3 twice within an hour suspends it; twice in two hours does not', () => {
    const is = workload(requesting('500m', '512Mi'), { kubectl: [CPU, MEMORY] });
    const again = (after: number) =>
      look({ ...look(applying, is).applying, applied: APPLIED }, is, NOW + after).applying;
    const { suspension } = again(3599);
    expect(suspension).to.include({
      reason: 'SSAConflict',
      since: '2026-01-02T12:59:59Z',
      until: '2026-01-02T18:59:59Z',
      content: 'rest',
      policy: 'policy/1',
    });
    expect(again(3601).suspension).to.equal(undefined);
  });

  it('B-GIT-3 hours, an edit of the policy, or of the template but for resources, end it, and the count begins anew', () => {
    const is = workload(requesting('500m', '512Mi'), { kubectl: [CPU] });
    const suspended = look({ ...look(applying, is).applying, applied: APPLIED }, is).applying;
    const at = (seconds: number, now: object) =>
      suspensionAt(suspended, { content: 'rest', policy: 'policy/1', ...now }, NOW + seconds);
    expect(at(6 * 3600 - 1, {})).not.to.equal(undefined);
    expect(at(6 * 3600, {})).to.equal(undefined);
    expect(at(1, { policy: 'policy/2' })).to.equal(undefined);
    expect(at(1, { content: 'another image' })).to.equal(undefined);
    expect(withoutPast(suspended, undefined)).to.have.all.keys('originals', 'applied');
    expect(withoutPast(suspended, suspended.suspension)).to.equal(suspended);
  });

  describe('B-APP-11 kubectl rollout undo is not fought', () => {
    const undone = (pod: PodSpec, fields: readonly OwnedResource[], annotations: Record<string, string> = {}) => ({
      ...workload(pod),
      metadata: { annotations },
      managers: resourceManagers(managedFieldsOf(fields, 'kubectl', 'Update')),
    });

    it('it suspends at once, is no tug of war, and what it went back to is the original', () => {
      const is = undone(requesting('500m', '512Mi'), [CPU, MEMORY]);
      const { applying: next, told } = look(applying, is);
      expect(told?.reason).to.equal('RolledBack');
      expect(told?.message)
        .to.contain('kubectl rolled back what OptiPod applied: containers[app].requests.cpu 240m -> 500m')
        .and.to.contain('nothing here until 2026-01-02T18:00:00Z');
      expect(next).to.have.all.keys('originals', 'applied', 'suspension');
      expect(next.suspension).to.include({ reason: 'RolledBack', content: 'rest', policy: 'policy/1' });
      expect(next.originals).to.deep.equal(ORIGINALS);
      expect(withoutPast(next, undefined)).to.have.all.keys('originals', 'applied');
    });

    it('nor is one to a revision without any value, which is nobody’s', () => {
      const gone = undone(requesting(), []);
      expect(look(applying, gone).told?.reason).to.equal('RolledBack');
      const half = undone(requesting('500m'), [CPU]);
      expect(look(applying, half).told?.reason).to.equal('RolledBack');
    });

    it('B-GIT-3 a client-side apply whose manifest lost a value takes back, and rolls back nothing', () => {
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
      expect(look(applying, undone(requesting(), [], annotations)).told?.reason).to.equal('SSAConflict');
      // What the manifest never had it cannot have lost.
      const silent: ApplyingState = { originals: [{ name: 'app' }], applied: APPLIED };
      expect(look(silent, undone(requesting(), [], annotations)).told?.reason).to.equal('RolledBack');
    });

    it('B-GIT-3 a server-side apply by kubectl takes back', () => {
      const is = workload(requesting('500m', '512Mi'), { kubectl: [CPU, MEMORY] });
      expect(look(applying, is).told?.reason).to.equal('SSAConflict');
    });
  });

  it("B-APP-2 what OptiPod let go of is nobody's to take back; once it writes again, what is there is the original", () => {
    const released = letGo(applying, NOW);
    expect(released).to.deep.equal({ ...applying, released: '2026-01-02T12:00:00Z' });
    expect(letGo(released, NOW + 60)).to.deep.equal(released);
    const edited = workload(requesting('600m', '240Mi'), { kubectl: [CPU] });
    expect(look(released, edited)).to.deep.equal({
      applying: {
        originals: [{ name: 'app', cpu: { request: '600m' }, memory: { request: '512Mi' } }],
        applied: [{ name: 'app', memory: { request: '240Mi' } }],
      },
    });
  });

  it('B-APP-2 originals are what the template said before the first write, also where it said nothing', () => {
    const before = workload(requesting('500m'));
    const originals = originalsOf({}, before);
    expect(originals).to.deep.equal([{ name: 'app', cpu: { request: '500m' } }]);
    const said = [
      { ...CPU, value: '240m' },
      { ...MEMORY, value: '240Mi' },
    ];
    const applied = appliedWith({ originals }, before, said);
    expect(applied).to.deep.equal(APPLIED);
    const after = workload(requesting('240m', '240Mi'), { optipod: [CPU, MEMORY] });
    expect(originalsOf({ originals, applied }, after)).to.deep.equal(originals);
    expect(restoration({ originals, applied }, after)).to.deep.equal([
      { ...CPU, from: '240m', value: '500m' },
      { ...MEMORY, from: '240Mi', value: null },
    ]);
    // What somebody set since is not put back.
    const edited = workload(requesting('240m', '1Gi'), { kubectl: [MEMORY] });
    expect(restoration({ originals, applied }, edited)).to.deep.equal([{ ...CPU, from: '240m', value: '500m' }]);
    expect(restoration({}, edited)).to.deep.equal([]);
  });

  it('B-APP-3 reads conflicts as kube-apiserver tells them, and no other 409 for one', () => {
    const field = (resource: string) => `.spec.template.spec.containers[name="app"].resources.requests.${resource}`;
    const cause = (manager: string, resource: string) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${manager}" using apps/v1 at 2026-01-02T12:00:00Z`,
      field: field(resource),
    });
    const conflicts = conflictsIn({
      kind: 'Status',
      details: { causes: [cause('kubectl', 'cpu'), cause('kubectl', 'memory'), cause('optipod', 'cpu')] },
    });
    expect(conflicts).to.deep.equal([
      { manager: 'kubectl', field: field('cpu') },
      { manager: 'kubectl', field: field('memory') },
    ]);
    expect(describeConflicts(conflicts ?? [])).to.equal('requests.cpu of app, requests.memory of app from kubectl');
    expect(conflictsIn({ kind: 'Status', reason: 'Conflict' })).to.equal(undefined);
  });

  it('B-GIT-3 says what to change, for each tool its own', () => {
    const tools = ['argocd-controller', 'kustomize-controller', 'helm', 'kubectl-client-side-apply', 'robot'];
    expect(new Set(tools.map(advice)).size).to.equal(tools.length);
    expect(advice('kubectl')).to.equal(advice('kubectl-client-side-apply'));
    for (const tool of tools) expect(advice(tool)).to.match(/webhook|ignore/);
  });
});
