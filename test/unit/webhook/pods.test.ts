import { expect } from 'chai';
import type { LimitRange, ResourceQuota } from 'optipod/kube';
import { Registry } from 'prom-client';
import { silentLogger } from '../../../operator/runtime/index.js';
import { podHandler } from '../../../webhook/pods.js';
import { admissionApp } from '../../../webhook/server/index.js';
import { applyPatch } from '../../support/json-patch.js';
import {
  annotations,
  operationsOf,
  owner,
  podReview,
  post,
  responseOf,
  sourcesOf,
  storedPolicy,
  type Memory,
  type Metadata,
} from './reviews.js';

const said = annotations({ app: { requests: { cpu: '240m', memory: '512Mi' } } });

function meta(name: string, more: object = {}): Metadata {
  return { name, namespace: 'shop', uid: `${name}-uid`, ...more };
}

const deployment = meta('web', { annotations: said });
const replicaSet = meta('web-1', { ownerReferences: [owner('Deployment', 'web')] });

function pod(ownerReference?: object, containers: readonly object[] = [{ name: 'app' }]): object {
  return { metadata: ownerReference ? { ownerReferences: [ownerReference] } : {}, spec: { containers } };
}

const ofReplicaSet = pod(owner('ReplicaSet', 'web-1'));
const wanted = { requests: { cpu: '240m', memory: '512Mi' } };
const gets = [{ op: 'add', path: '/spec/containers/0/resources', value: wanted }];

/** Reviews one pod; says what became of it. */
async function review(memory: Memory, object: object = ofReplicaSet, request: object = {}) {
  const sources = sourcesOf(memory);
  const app = admissionApp([podHandler(sources)], { log: silentLogger, metrics: new Registry() });
  const response = await responseOf(await post(app, '/mutate', podReview(object, request)));
  expect(response.allowed).to.equal(true);
  return { operations: operationsOf(response), counted: sources.counted, fetched: sources.fetched };
}

const knowsAll: Memory = { replicaSets: [replicaSet], workloads: { Deployment: deployment } };

describe('reviewing a pod', () => {
  describe('finds the workload', () => {
    it('B-WEB-2 Pod -> ReplicaSet -> Deployment, from memory', async () => {
      const { operations, counted, fetched } = await review(knowsAll);
      expect(operations).to.deep.equal(gets);
      expect(counted).to.deep.equal(['patched']);
      expect(fetched).to.deep.equal([]);
    });

    for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
      it(`B-WEB-2 Pod -> ${kind}, from memory`, async () => {
        const { operations, fetched } = await review({ workloads: { [kind]: deployment } }, pod(owner(kind, 'web')));
        expect(operations).to.deep.equal(gets);
        expect(fetched).to.deep.equal([]);
      });
    }

    it('B-WEB-2 a ReplicaSet that is too young for the memory is asked for, once', async () => {
      const fetch = () => Promise.resolve(replicaSet);
      const { operations, fetched } = await review({ ...knowsAll, replicaSets: [], fetch });
      expect(operations).to.deep.equal(gets);
      expect(fetched).to.deep.equal(['ReplicaSet shop/web-1']);
    });

    it('B-WEB-2 a ReplicaSet made anew under its name is asked for, too', async () => {
      const replicaSets = [meta('web-1', { uid: 'of the one before' })];
      const { operations, fetched } = await review({
        ...knowsAll,
        replicaSets,
        fetch: () => Promise.resolve(replicaSet),
      });
      expect(operations).to.deep.equal(gets);
      expect(fetched).to.have.length(1);
    });

    for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
      it(`B-WEB-2 a ${kind} that is too young for the memory is asked for, once`, async () => {
        const fetch = () => Promise.resolve(deployment);
        const { operations, fetched } = await review({ fetch }, pod(owner(kind, 'web')));
        expect(operations).to.deep.equal(gets);
        expect(fetched).to.deep.equal([`${kind} shop/web`]);
      });
    }

    it('B-WEB-2 a Deployment that is as young as its ReplicaSet is asked for after it', async () => {
      const fetch: Memory['fetch'] = (kind) => Promise.resolve(kind === 'Deployment' ? deployment : replicaSet);
      const { operations, fetched } = await review({ fetch });
      expect(operations).to.deep.equal(gets);
      expect(fetched).to.deep.equal(['ReplicaSet shop/web-1', 'Deployment shop/web']);
    });

    it('B-WEB-1 a ReplicaSet that cannot be asked for: admitted unchanged, and counted', async () => {
      const gone = await review({ ...knowsAll, replicaSets: [] });
      expect(gone).to.deep.include({ operations: [], counted: ['no-workload'] });
      const fetch = () => Promise.reject(new Error('no answer within 1 s'));
      const failed = await review({ ...knowsAll, replicaSets: [], fetch });
      expect(failed).to.deep.include({ operations: [], counted: ['error'] });
    });

    it('B-WEB-2 a namesake is somebody else, at every step', async () => {
      const other = { uid: 'another' };
      const namesakes: [Memory, object][] = [
        [{ ...knowsAll, workloads: { Deployment: { ...deployment, ...other } } }, ofReplicaSet],
        [{ ...knowsAll, replicaSets: [], fetch: () => Promise.resolve({ ...replicaSet, ...other }) }, ofReplicaSet],
        [{ workloads: { StatefulSet: deployment } }, pod(owner('StatefulSet', 'web', 'another'))],
        [
          { workloads: {}, fetch: () => Promise.resolve({ ...deployment, ...other }) },
          pod(owner('StatefulSet', 'web')),
        ],
        // Of the same name and UID, but of another kind.
        [{ workloads: { DaemonSet: deployment } }, pod(owner('StatefulSet', 'web'))],
      ];
      for (const [memory, object] of namesakes) {
        expect(await review(memory, object)).to.deep.include({ operations: [], counted: ['no-workload'] });
      }
    });

    it('B-WEB-2 nobody else has recommendations: bare pods, Jobs, ReplicaSets that stand alone', async () => {
      const alone: Memory = { ...knowsAll, replicaSets: [meta('web-1', { annotations: said })] };
      for (const [memory, object] of [
        [knowsAll, pod()],
        [knowsAll, pod({ ...owner('Job', 'web'), apiVersion: 'batch/v1' })],
        [knowsAll, pod({ ...owner('StatefulSet', 'web'), apiVersion: 'apps.kruise.io/v1beta1' })],
        [knowsAll, pod({ ...owner('ReplicaSet', 'web-1'), controller: false })],
        [alone, ofReplicaSet],
      ] as const) {
        expect(await review(memory, object)).to.deep.include({ operations: [], counted: ['no-workload'] });
      }
    });

    it('looks at pods that are created only', async () => {
      const kind = { group: 'apps', version: 'v1', kind: 'Deployment' };
      for (const request of [{ operation: 'UPDATE' }, { kind }, { namespace: undefined }, { object: undefined }]) {
        expect(await review(knowsAll, ofReplicaSet, request)).to.deep.include({ operations: [], counted: [] });
      }
    });
  });

  it('B-APP-10 while everything is stopped no pod is changed, nor is anybody asked', async () => {
    const fetch = () => Promise.resolve(replicaSet);
    const stopped = await review({ ...knowsAll, replicaSets: [], fetch, paused: true });
    expect(stopped).to.deep.equal({ operations: [], counted: ['paused'], fetched: [] });
  });

  describe('asks whether the policy stands behind the annotations', () => {
    for (const [what, policies] of [
      ['gone', []],
      ['another of its name', [storedPolicy({}, { uid: 'made anew' })]],
      ['another of its UID, by a hand that edits', [storedPolicy({}, { name: 'other' })]],
      ['in mode Recommend', [storedPolicy({ mode: 'Recommend' })]],
      ['in mode Disabled', [storedPolicy({ mode: 'Disabled' })]],
      ['under strategy ssa', [storedPolicy({ updateStrategy: { strategy: 'ssa' } })]],
      ['being deleted, only held by a finalizer', [storedPolicy({}, { deletionTimestamp: '2026-01-28T10:30:00Z' })]],
      ['broken', [storedPolicy({}, {}, false)]],
    ] as const) {
      it(`B-ANN-5 the policy is ${what}: admitted unchanged though the annotations are there`, async () => {
        expect(await review({ ...knowsAll, policies })).to.deep.include({ operations: [], counted: ['no-policy'] });
      });
    }

    it('B-ANN-2 annotations that only tell, or were taken away by hand, inject nothing', async () => {
      const { 'optipod.io/policy-uid': _uid, ...anonymous } = said;
      const { 'optipod.io/strategy': _strategy, ...told } = said;
      for (const one of [
        annotations({ app: wanted }, { strategy: 'ssa' }),
        told,
        { ...said, 'optipod.io/webhook-enabled': 'false' },
        anonymous,
        undefined,
      ]) {
        const memory = { ...knowsAll, workloads: { Deployment: meta('web', one && { annotations: one }) } };
        expect(await review(memory)).to.deep.include({ operations: [], counted: ['no-recommendation'] });
      }
    });
  });

  describe('patches what it received', () => {
    it('B-ANN-4 reads containers with long names from the annotation that holds them', async () => {
      const name = 'a-container-with-a-name-as-long-as-kubernetes-allows-it-to-be-0';
      const memory = {
        ...knowsAll,
        workloads: { Deployment: meta('web', { annotations: annotations({ [name]: wanted }) }) },
      };
      const { operations } = await review(memory, pod(owner('ReplicaSet', 'web-1'), [{ name }]));
      expect(operations).to.deep.equal(gets);
    });

    it('B-WEB-3 bad quantities are skipped and counted, one by one', async () => {
      const bad = { app: { requests: { cpu: 'lots', memory: '512Mi' }, limits: { memory: '-1Gi' } } };
      const memory = { ...knowsAll, workloads: { Deployment: meta('web', { annotations: annotations(bad) }) } };
      const { operations, counted } = await review(memory);
      expect(operations).to.deep.equal([{ ...gets[0], value: { requests: { memory: '512Mi' } } }]);
      expect(counted).to.have.members(['invalid-value', 'invalid-value', 'patched']);
    });

    it('B-WEB-4 is idempotent: its own result gets no patch', async () => {
      const first = await review(knowsAll);
      const again = await review(knowsAll, applyPatch(ofReplicaSet, first.operations) as object);
      expect(again).to.deep.include({ operations: [], counted: ['unchanged'] });
    });

    it('B-WEB-1 a patch that would make the pod invalid is not sent; the reason is counted', async () => {
      const limited = (resources: object) => pod(owner('ReplicaSet', 'web-1'), [{ name: 'app', resources }]);
      const low = { limits: { cpu: '200m' }, requests: { cpu: '100m' } };
      const same = { cpu: '1', memory: '1Gi' };
      const range = { spec: { limits: [{ type: 'Pod', max: { memory: '256Mi' } }] } } as unknown as LimitRange;
      const small = limited({ requests: { memory: '128Mi' }, limits: { memory: '256Mi' } });
      for (const [memory, object, reason] of [
        [knowsAll, limited(low), 'RequestAboveLimit'],
        [knowsAll, limited({ requests: same, limits: same }), 'QosClassWouldChange'],
        [{ ...knowsAll, limitRanges: [range] }, small, 'RequestAboveLimit'],
        [
          { ...knowsAll, limitRanges: [range] },
          pod(owner('ReplicaSet', 'web-1'), [
            { name: 'app' },
            { name: 'other', resources: { limits: { memory: '64Mi' } } },
          ]),
          'LimitRange',
        ],
      ] as const) {
        expect(await review(memory, object)).to.deep.include({ operations: [], counted: [`refused-${reason}`] });
      }
    });

    it('B-WEB-1 a BestEffort pod stays so where a quota would refuse it otherwise, also one that came after the annotations', async () => {
      const demanding = (hard: object, scope = 'NotBestEffort') =>
        [{ metadata: { name: 'team' }, spec: { scopes: [scope] }, status: { hard } }] as unknown as ResourceQuota[];
      const containers = [{ name: 'app' }, { name: 'other' }];
      const twoOf = (resources: object) =>
        pod(owner('ReplicaSet', 'web-1'), [{ name: 'app' }, { name: 'other', resources }]);
      const refused = { operations: [], counted: ['refused-ResourceQuota'] };
      for (const key of ['limits.memory', 'limits.cpu'])
        expect(await review({ ...knowsAll, quotas: demanding({ [key]: '9Gi' }) }), key).to.deep.include(refused);
      const quotas = demanding({ 'requests.cpu': '9', memory: '9Gi' });
      expect((await review({ ...knowsAll, quotas })).operations).to.deep.equal(gets);
      const other = pod(owner('ReplicaSet', 'web-1'), containers);
      expect(await review({ ...knowsAll, quotas }, other)).to.deep.include(refused);
      // It counts for the quota as it is: what becomes of it is not for the patch to decide.
      const burstable = twoOf({ requests: { cpu: '1' } });
      expect((await review({ ...knowsAll, quotas }, burstable)).counted).to.deep.equal(['patched']);
      const bestEffort = demanding({ 'limits.memory': '9Gi' }, 'BestEffort');
      expect((await review({ ...knowsAll, quotas: bestEffort })).counted).to.deep.equal(['patched']);
    });

    it('B-WEB-1 a LimitRange without limits, as kube-apiserver writes it, says nothing', async () => {
      const limitRanges = [{ spec: { limits: null } }] as unknown as LimitRange[];
      expect((await review({ ...knowsAll, limitRanges })).counted).to.deep.equal(['patched']);
    });
  });
});
