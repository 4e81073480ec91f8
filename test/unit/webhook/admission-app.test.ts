import { expect } from 'chai';
import { Registry } from 'prom-client';
import { silentLogger } from '../../../operator/runtime/index.js';
import { admissionApp, type AdmissionHandler, type AdmissionRequest } from '../../../webhook/server/index.js';
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
    review: () => ({ allowed: false, code: 422, reason: 'Invalid', message: 'spec.mode: unknown' }),
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
    ]);
  });

  it('a handler that refuses says with which code, why, and in words', async () => {
    const response = await responseOf(await post(app, '/validate', podReview({})));
    expect(response).to.deep.include({
      allowed: false,
      status: { code: 422, reason: 'Invalid', message: 'spec.mode: unknown' },
    });
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
