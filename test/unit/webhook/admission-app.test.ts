import { expect } from 'chai';
import type { AdmissionRequest, Json } from 'optipod/kube';
import { Registry } from 'prom-client';
import { silentLogger } from '../../../operator/runtime/index.js';
import { admissionApp, type AdmissionHandler } from '../../../webhook/server/index.js';
import { operationsOf, podReview, post, responseOf } from './reviews.js';

const MIB = 2 ** 20;

describe('the admission app', () => {
  const seen: AdmissionRequest[] = [];
  const patch = [{ op: 'add', path: '/spec/containers/0/resources', value: { requests: { cpu: '1' } } }] as const;
  const mutate: AdmissionHandler = {
    path: '/mutate',
    onError: { allowed: true },
    review(request) {
      seen.push(request);
      return { allowed: true, patch, warnings: ['careful'] };
    },
  };
  const broken: AdmissionHandler = {
    path: '/broken',
    onError: { allowed: true },
    review: () => Promise.reject(new Error('a defect')),
  };
  const validate: AdmissionHandler = {
    path: '/validate',
    onError: { allowed: true },
    review: () => ({
      allowed: false,
      status: {
        code: 422,
        reason: 'Invalid',
        message: 'spec.mode: unknown',
        causes: [{ field: 'spec.mode', reason: 'FieldValueNotSupported', message: 'unknown' }],
      },
      warnings: ['and another thing'],
    }),
  };
  let metrics: Registry;
  let app: ReturnType<typeof admissionApp>;

  beforeEach(() => {
    seen.length = 0;
    metrics = new Registry();
    app = admissionApp([mutate, broken, validate], { log: silentLogger, metrics });
  });

  const lines = async () => (await metrics.metrics()).split('\n');

  it('B-WEB-1 answers an AdmissionReview v1 with the same UID and a base64 JSONPatch', async () => {
    const answer = await post(app, '/mutate?timeout=5s', podReview({ spec: {} }, { uid: 'one' }));
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-type')).to.match(/^application\/json/);
    const body = (await answer.clone().json()) as object;
    expect(body).to.include({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
    const response = await responseOf(answer);
    expect(response).to.include({ uid: 'one', allowed: true, patchType: 'JSONPatch' });
    expect(operationsOf(response)).to.deep.equal(patch);
    expect(response.warnings).to.deep.equal(['careful']);
    expect(seen[0]).to.deep.include({ uid: 'one', operation: 'CREATE', object: { spec: {} } });
  });

  it('B-WEB-1 says nothing of a patch where there is none', async () => {
    const quiet: AdmissionHandler = { ...mutate, review: () => ({ allowed: true, patch: [] }) };
    const other = admissionApp([quiet], { log: silentLogger, metrics: new Registry() });
    const response = await responseOf(await post(other, '/mutate', podReview({}, { uid: 'two' })));
    expect(response).to.deep.equal({ uid: 'two', allowed: true });
  });

  it('B-WEB-1 a handler that throws admits the object as it is, and the requests are counted', async () => {
    const response = await responseOf(await post(app, '/broken', podReview({}, { uid: 'three' })));
    expect(response).to.deep.equal({ uid: 'three', allowed: true });
    expect(await lines()).to.include.members([
      'controller_runtime_webhook_requests_total{webhook="/broken",code="200"} 1',
      'controller_runtime_webhook_requests_in_flight{webhook="/broken"} 0',
      'controller_runtime_webhook_panics_total 1',
      'admission_review_failures_total{webhook="/broken",cause="error"} 1',
    ]);
  });

  it('a handler that refuses says with which code, why, in words and with every cause', async () => {
    const response = await responseOf(await post(app, '/validate', podReview({}, { uid: 'four', name: 'web' })));
    expect(response).to.deep.equal({
      uid: 'four',
      allowed: false,
      status: {
        status: 'Failure',
        code: 422,
        reason: 'Invalid',
        message: 'spec.mode: unknown',
        details: {
          name: 'web',
          group: '',
          kind: 'Pod',
          causes: [{ field: 'spec.mode', reason: 'FieldValueNotSupported', message: 'unknown' }],
        },
      },
      warnings: ['and another thing'],
    });
  });

  it('a handler is told on whose behalf it is asked, and what there was before', async () => {
    const userInfo = { username: 'jane', uid: '7', groups: ['dev', 'system:authenticated'], extra: { scopes: ['a'] } };
    const oldObject = { metadata: { name: 'web' } };
    const request = { operation: 'UPDATE', name: 'web', userInfo, oldObject, dryRun: true, subResource: 'resize' };
    await post(app, '/mutate', podReview({}, request));
    await post(app, '/mutate', podReview({}, { userInfo: { groups: 'dev', extra: { scopes: 'a' } }, oldObject: null }));
    expect(seen[0]).to.deep.include({ ...request, namespace: 'shop' });
    expect(seen[1]).to.deep.include({ dryRun: false, userInfo: { username: '', groups: [], extra: { scopes: [] } } });
    expect(seen[1]).not.to.have.any.keys('oldObject', 'subResource', 'name');
  });

  it('a handler that takes longer than kube-apiserver waits is told so, counted, and answered for', async () => {
    const reasons: unknown[] = [];
    const slow: AdmissionHandler = {
      path: '/slow',
      onError: { allowed: true, warnings: ['not reviewed'] },
      review: (_request, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(new Error('late, and nobody listens'));
          }),
        ),
    };
    const own: AdmissionHandler = { ...slow, path: '/own', timeoutMs: 20 };
    metrics = new Registry();
    app = admissionApp([slow, own], { log: silentLogger, metrics });
    for (const path of ['/slow?timeout=50ms', '/own?timeout=30s', '/own', '/own?timeout=9999999h']) {
      const response = await responseOf(await post(app, path, podReview({})));
      expect(response, path).to.deep.include({ allowed: true, warnings: ['not reviewed'] });
    }
    expect(String(reasons[0])).to.contain('not decided within 40 ms');
    expect(await lines()).to.include.members([
      'admission_review_failures_total{webhook="/slow",cause="timeout"} 1',
      'admission_review_failures_total{webhook="/own",cause="timeout"} 3',
      'controller_runtime_webhook_panics_total 0',
      'controller_runtime_webhook_requests_in_flight{webhook="/slow"} 0',
    ]);
  });

  it('a handler whose verdict cannot be written leaves nothing in flight', async () => {
    const circle: Json[] = [];
    circle.push(circle);
    const odd: AdmissionHandler = {
      ...mutate,
      review: () => ({ allowed: true, patch: [{ op: 'add', path: '/x', value: circle }] }),
    };
    metrics = new Registry();
    const answered = await post(admissionApp([odd], { log: silentLogger, metrics }), '/mutate', podReview({}));
    expect(answered.status).to.equal(500);
    expect(await answered.text()).to.equal('internal error\n');
    expect(await lines()).to.include.members([
      'controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 0',
      'controller_runtime_webhook_requests_total{webhook="/mutate",code="500"} 1',
    ]);
  });

  it('B-WEB-7 a body must say its length, and that must not be over 7 MiB', async () => {
    const headers = { 'content-type': 'application/json' };
    const unknown = await app.request('/mutate', { method: 'POST', body: '{}', headers });
    expect(unknown.status).to.equal(411);
    const large = (length: number | string) => post(app, '/mutate', '{}', { 'content-length': String(length) });
    expect((await large(7 * MIB + 1)).status).to.equal(413);
    expect((await large('much')).status).to.equal(413);
    expect(await (await large(7 * MIB + 1)).text()).to.contain(String(7 * MIB));
    expect((await large(7 * MIB)).status).to.equal(400);
    expect(await lines()).to.include('controller_runtime_webhook_requests_total{webhook="/mutate",code="411"} 1');
  });

  it('B-WEB-7 takes JSON only', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      const answer = await post(app, '/mutate', podReview({}), { 'content-type': type });
      expect(answer.status, type).to.equal(415);
    }
    for (const type of ['application/json', 'application/json; charset=utf-8']) {
      const answer = await post(app, '/mutate', podReview({}), { 'content-type': type });
      expect(answer.status, type).to.equal(200);
    }
    for (const body of ['', '{', 'nothing', '{"apiVersion":']) {
      expect((await post(app, '/mutate', body)).status, body).to.equal(400);
    }
  });

  it('B-WEB-1 refuses what is no AdmissionReview v1 with a request', async () => {
    const review = podReview({});
    const request = { uid: 'u', kind: {}, operation: 'CREATE' };
    const bodies = [
      null,
      [],
      'text',
      42,
      {},
      { ...review, apiVersion: 'admission.k8s.io/v1beta1' },
      { ...review, kind: 'Pod' },
      { ...review, request: undefined },
      { ...review, request: [] },
      { ...review, request: { ...request, uid: '' } },
      { ...review, request: { ...request, uid: 7 } },
      { ...review, request: { ...request, kind: 'Pod' } },
      { ...review, request: { ...request, operation: undefined } },
      { ...review, request: { ...request, kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'PATCH' } },
      { ...review, request: { ...request, kind: { group: '', version: 'v1' } } },
    ];
    for (const body of bodies) {
      const answer = await post(app, '/mutate', JSON.stringify(body));
      expect(answer.status, JSON.stringify(body)).to.equal(400);
      expect(await answer.text()).to.contain('admission.k8s.io/v1');
    }
    expect(seen).to.deep.equal([]);
  });

  it('B-WEB-7 tells nothing to whoever asks for something else', async () => {
    expect((await app.request('/mutate')).status).to.equal(404);
    for (const path of ['/', '/metrics', '/healthz', '/mutate/x', '/config']) {
      expect((await app.request(path)).status, path).to.equal(404);
      expect((await post(app, path, podReview({}))).status, path).to.equal(404);
    }
  });
});
