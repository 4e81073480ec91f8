import { expect } from 'chai';
import fc from 'fast-check';
import type { AdmissionReviewResponse } from '../../../webhook/server/review.js';
import { hostileBody } from '../../support/reviews/hostile.js';
import { podReview } from '../../support/reviews/pod-review.js';
import { startReviewServer, type Answer, type ReviewServer } from '../../support/reviews/start.js';
import { operationsOf } from './reviews.js';

const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const REVIEWS = SOAK ? 100_000 : 1_000;
const SAMPLES = 10;
/** What compiled code and buffers come to, once everything has been called often: bodies have up to 200 KB, four at a time. */
const NOISE_BYTES = (SOAK ? 24 : 48) * 2 ** 20;
const MIB = 2 ** 20;

const RESOURCES = /^\/spec\/(containers|initContainers)\/\d+\/resources(\/(requests|limits)(\/(cpu|memory))?)?$/;

describe('whatever arrives at the port', function () {
  this.timeout(SOAK ? 0 : 60_000);
  let server: ReviewServer;

  before(async () => {
    server = await startReviewServer();
  });
  after(() => server.stop());

  it('B-WEB-1 the review as it really comes gets a patch, or the test would say nothing', async () => {
    const answer = await server.post('/mutate?timeout=5s', Buffer.from(JSON.stringify(podReview())));
    const { response } = JSON.parse(answer.text) as AdmissionReviewResponse;
    expect(operationsOf(response)).to.deep.equal([
      { op: 'replace', path: '/spec/containers/0/resources/requests/cpu', value: '240m' },
      { op: 'replace', path: '/spec/containers/0/resources/requests/memory', value: '512Mi' },
    ]);
  });

  it(`B-WEB-1 B-WEB-7 ${String(REVIEWS)} hostile reviews: allowed with the same UID, or 4xx for what is none; nothing piles up`, async () => {
    const seen = { patched: 0, admitted: 0, refused: 0 };
    const rss: number[] = [];
    let sent = 0;
    const { seed = Date.now() % 2 ** 31 } = fc.readConfigureGlobal();
    await fc.assert(
      fc.asyncProperty(
        hostileBody,
        fc.constantFrom('/mutate', '/mutate?timeout=5s', '/validate'),
        async (body, path) => {
          seen[checked(await server.post(path, body), body, path)] += 1;
          sent += 1;
          if (sent % (REVIEWS / SAMPLES) === 0) rss.push(await server.rss());
        },
      ),
      { numRuns: REVIEWS, seed },
    );
    const mebibytes = rss.map((bytes) => Math.round(bytes / MIB)).join(' ');
    if (SOAK) console.error(`${String(sent)} reviews, seed ${String(seed)}: ${JSON.stringify(seen)}; ${mebibytes} MiB`);
    // It says nothing where all are of one sort.
    for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).to.be.greaterThan(REVIEWS / 50);
    const [warm = 0] = rss.slice(SAMPLES / 2 - 1);
    expect((rss.at(-1) ?? 0) - warm, `${mebibytes} MiB`).to.be.lessThan(NOISE_BYTES);
  });

  it('B-WEB-7 a body of more than 7 MiB is refused, and the next review is answered', async () => {
    const { status } = await server.post('/mutate', Buffer.alloc(7 * MIB + 1, ' '));
    expect(status).to.equal(413);
    expect((await server.post('/mutate', Buffer.from(JSON.stringify(podReview())))).status).to.equal(200);
  });

  it('B-WEB-1 a review of nearly 7 MiB is answered', async () => {
    const review = JSON.stringify(podReview());
    const { status, text } = await server.post('/mutate', Buffer.from(review.padEnd(7 * MIB)));
    expect(status).to.equal(200);
    expect(text).to.contain('JSONPatch');
  });
});

/** @returns what it was. */
function checked({ status, text }: Answer, body: Buffer, path: string): 'patched' | 'admitted' | 'refused' {
  const uid = uidOf(body);
  if (uid === undefined) {
    expect(status, body.toString().slice(0, 2000)).to.be.within(400, 499);
    expect(text).to.match(/^the body [^\n]+\n$/);
    return 'refused';
  }
  expect(status, text).to.equal(200);
  const { response } = JSON.parse(text) as AdmissionReviewResponse;
  expect(response.uid).to.equal(uid);
  expect(response.allowed).to.equal(true);
  const operations = operationsOf(response);
  if (path.startsWith('/validate')) expect(operations).to.deep.equal([]);
  for (const { path: place } of operations) expect(place).to.match(RESOURCES);
  return operations.length > 0 ? 'patched' : 'admitted';
}

/** Of what is a review: an AdmissionReview v1 with a UID, something that is done, and the kind it is done to. */
function uidOf(body: Buffer): string | undefined {
  try {
    const { apiVersion, kind, request } = JSON.parse(new TextDecoder().decode(body)) as Partial<SentReview>;
    if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') return undefined;
    const { group, version, kind: name } = request?.kind ?? {};
    const isWhole = [request?.uid, request?.operation, group, version, name].every((part) => typeof part === 'string');
    const { uid, operation = '' } = request ?? {};
    return isWhole && uid !== '' && /^(CREATE|UPDATE|DELETE|CONNECT)$/.test(operation) ? uid : undefined;
  } catch {
    return undefined;
  }
}

interface SentReview {
  readonly apiVersion: unknown;
  readonly kind: unknown;
  readonly request: {
    readonly uid?: string;
    readonly operation?: string;
    readonly kind?: { readonly group?: unknown; readonly version?: unknown; readonly kind?: unknown };
  };
}
