import { expect } from 'chai';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { silentLogger } from '../../../operator/runtime/index.js';
import { podHandler } from '../../../webhook/pods.js';
import { admissionApp } from '../../../webhook/server/index.js';
import { anyCharacter } from '../../support/any-character.js';
import { hostileJson } from '../../support/hostile-json.js';
import { tries } from '../../support/tries.js';
import {
  annotations,
  operationsOf,
  owner,
  podReview,
  policiesOfNothing,
  post,
  responseOf,
  sourcesOf,
} from './reviews.js';

/** Names that mean something to JavaScript, to OptiPod or to JSON pointers. */
const key = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'valueOf', 'a/b', '~0', ''),
  fc.constantFrom('metadata', 'spec', 'containers', 'initContainers', 'resources', 'requests', 'limits', 'name', 'cpu'),
  fc.constantFrom('ownerReferences', 'controller', 'apiVersion', 'kind', 'uid', 'restartPolicy', 'memory'),
);
const leaf = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    1e308,
    '',
    'app',
    '100m',
    '1e400',
    'ReplicaSet',
    'apps/v1',
    'web',
    'web-uid',
  ),
  fc.string({ unit: anyCharacter }),
);
const json = hostileJson(leaf, key);

/** Something of the right shape, but for one part. */
const references = fc.oneof(json, fc.constant([owner('StatefulSet', 'web')]));
const resources = fc.oneof(json, fc.record({ requests: json, limits: json }, { requiredKeys: [] }));
const container = fc.oneof(json, fc.record({ name: fc.constantFrom('app', '__proto__'), resources }));
const nearlyPod = fc.record({
  metadata: fc.oneof(json, fc.record({ ownerReferences: references })),
  spec: fc.oneof(json, fc.record({ containers: fc.oneof(json, fc.array(container)), initContainers: json })),
});

const said = { app: { requests: { cpu: '240m', memory: '512Mi' } }, ['__proto__']: { requests: { cpu: '1' } } };
const workload = { name: 'web', namespace: 'shop', uid: 'web-uid', annotations: annotations(said) };

/** A policy but for some of its parts. */
const selector = fc.oneof(json, fc.record({ namespaces: json, namespaceSelector: json, workloadTypes: json }));
const nearlyPolicy = fc.record({
  metadata: fc.oneof(json, fc.constant({ name: 'web', namespace: 'shop' })),
  spec: fc.oneof(
    json,
    fc.record({ mode: fc.constantFrom('Auto', '__proto__', null), weight: json, selector, updateStrategy: json }),
  ),
});

describe('whatever kube-apiserver is made to send', () => {
  const sources = sourcesOf({ workloads: { StatefulSet: workload } });
  const app = admissionApp([podHandler(sources), policiesOfNothing()], { log: silentLogger, metrics: new Registry() });

  it('B-WEB-7 any JSON in place of a policy, and of the one before, gets an answer with the same UID', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(json, nearlyPolicy), fc.oneof(json, nearlyPolicy), json, async (object, old, user) => {
        const kind = { group: 'optipod.io', version: 'v1alpha1', kind: 'OptimizationPolicy' };
        const request = { uid: 'this-one', kind, operation: 'UPDATE', oldObject: old, userInfo: user };
        const answer = await post(app, '/validate', podReview(object, request));
        expect(answer.status).to.equal(200);
        expect(await responseOf(answer)).to.include({ uid: 'this-one' });
      }),
      tries(200),
    ));

  async function admits(object: unknown, request: object = {}): Promise<void> {
    const answer = await post(app, '/mutate', podReview(object, { uid: 'this-one', ...request }));
    expect(answer.status).to.equal(200);
    const response = await responseOf(answer);
    expect(response).to.include({ uid: 'this-one', allowed: true });
    for (const { path } of operationsOf(response)) expect(path).to.match(/^\/spec\/(initC|c)ontainers\/\d+\/resources/);
  }

  it('B-WEB-1 any JSON in place of the pod is admitted, with the same UID', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(json, nearlyPod), (object) => admits(object)),
      tries(500),
    ));

  it('B-WEB-1 any JSON in place of the rest of the request, too', () =>
    fc.assert(
      fc.asyncProperty(nearlyPod, json, json, json, (object, namespace, kind, name) =>
        admits(object, {
          namespace,
          name,
          oldObject: kind,
          kind: { group: '', version: 'v1', kind: 'Pod', extra: kind },
        }),
      ),
      tries(300),
    ));

  it('B-WEB-3 any annotations of the workload', () =>
    fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.string()), json, json, async (others, amount, long) => {
        const hostile = {
          ...workload.annotations,
          ...Object.fromEntries(Object.entries(others).map(([name, value]) => [`optipod.io/${name}.app`, value])),
          'optipod.io/cpu-request.app': JSON.stringify(amount),
          'optipod.io/resources': JSON.stringify(long),
        };
        const memory = sourcesOf({ workloads: { StatefulSet: { ...workload, annotations: hostile } } });
        const other = admissionApp([podHandler(memory)], { log: silentLogger, metrics: new Registry() });
        const object = {
          metadata: { ownerReferences: [owner('StatefulSet', 'web')] },
          spec: { containers: [{ name: 'app' }, { name: 'cpu' }] },
        };
        const response = await responseOf(await post(other, '/mutate', podReview(object)));
        expect(response.allowed).to.equal(true);
      }),
      tries(300),
    ));

  it('B-WEB-1 nesting as deep as a body can be', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const object of [deep, `{"spec":{"containers":${deep}}}`, `{"metadata":${deep},"spec":{"containers":[]}}`]) {
      const body = JSON.stringify(podReview('HERE')).replace('"HERE"', object);
      const answer = await post(app, '/mutate', body);
      expect(answer.status).to.equal(200);
      expect((await responseOf(answer)).allowed).to.equal(true);
    }
  });

  it('B-WEB-3 a quantity as long as an annotation can be is dealt with at once', async () => {
    for (const amount of ['9'.repeat(200_000), `0.${'1'.repeat(200_000)}`, `1e${'9'.repeat(200_000)}`]) {
      const hostile = { ...workload.annotations, 'optipod.io/cpu-request.app': amount };
      const memory = sourcesOf({ workloads: { StatefulSet: { ...workload, annotations: hostile } } });
      const other = admissionApp([podHandler(memory)], { log: silentLogger, metrics: new Registry() });
      const object = {
        metadata: { ownerReferences: [owner('StatefulSet', 'web')] },
        spec: { containers: [{ name: 'app' }] },
      };
      const response = await responseOf(await post(other, '/mutate', podReview(object)));
      expect(response.allowed).to.equal(true);
    }
  });
});
