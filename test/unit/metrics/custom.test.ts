import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCustomProvider } from '../../../operator/metrics/custom/custom.js';
import { createEndpoint, type Endpoint } from '../../../operator/metrics/endpoint/endpoint.js';
import { ProviderError } from '../../../operator/metrics/provider.js';
import type { MetricsProvider, ReadRequest } from '../../../operator/metrics/reading.js';
import { answeringServer, type AnsweringServer } from '../../support/answering-server.js';
import { recordingSink } from '../../support/recording-sink.js';

const WEB = { namespace: 'shop', pod: 'web-1', container: 'app' };
const PAGE = join(import.meta.dirname, '../../../docs/reference/custom-metrics.md');

describe('the provider custom', () => {
  let server: AnsweringServer;
  let endpoint: Endpoint;
  let provider: MetricsProvider;

  beforeEach(async () => {
    server = await answeringServer();
    endpoint = createEndpoint({ title: 'It', url: `${server.url}/usage?tenant=a`, timeoutMs: 1000, pausesMs: [1, 1] });
    provider = createCustomProvider({ endpoint, intervalMs: 60_000, settleMs: 60_000 });
  });

  afterEach(async () => {
    await endpoint.close();
    await server.close();
  });

  /** Has the pages answered one after the other, and reads. */
  async function read(pages: readonly unknown[], request: Partial<ReadRequest> = {}) {
    let page = 0;
    server.behave((_, response) => {
      const answer = pages[page];
      page += 1;
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    const sink = recordingSink();
    await provider.read({ from: 100, to: 200, ...request }, sink, new AbortController().signal);
    return sink;
  }

  it('B-MET-7 asks as the contract says, page by page', async () => {
    await read([{ samples: [], next: 'a b' }, { samples: [] }], { namespaces: ['shop', 'bank'], peaksFrom: 50 });
    const asked = server.asked.map(({ method, url }) => `${method} ${url.pathname}${url.search}`);
    const first = 'GET /usage?tenant=a&from=100&to=200&namespace=shop&namespace=bank&peaksFrom=50';
    expect(asked).to.deep.equal([first, `${first}&page=a+b`]);
  });

  it('B-MET-7 hands over what is asked for, in order of time, and nothing else', async () => {
    const told = (resource: string, values: unknown, of = WEB) => ({ ...of, resource, values });
    const { series, peaks, owners } = await read(
      [
        {
          owners: [{ namespace: 'shop', pod: 'web-1', kind: 'Deployment', name: 'web' }],
          samples: [
            told('cpu', [
              [200, 0.5],
              [100, 9],
              [101, 0.25],
              [201, 9],
            ]),
            told('memory', [[150, 7]]),
            told('throttled', [[150, 0.1]]),
            told('cpu', [[150, 9]], { ...WEB, namespace: 'bank' }),
          ],
          peaks: [
            { ...WEB, at: 120, bytes: 8 },
            { ...WEB, at: 40, bytes: 9 },
          ],
          comment: 'passed over',
        },
      ],
      { namespaces: ['shop'], peaksFrom: 50 },
    );
    expect(Object.fromEntries(series)).to.deep.equal({
      'cpu shop/web-1/app': [
        [101, 0.25],
        [200, 0.5],
      ],
      'memory shop/web-1/app': [[150, 7]],
      'throttled shop/web-1/app': [[150, 0.1]],
    });
    expect(Object.fromEntries(peaks)).to.deep.equal({ 'shop/web-1/app': [[120, 8]] });
    expect(Object.fromEntries(owners)).to.deep.equal({ 'shop/web-1': 'Deployment/web' });
  });

  it('B-MET-7 the answer in the documentation is one', async () => {
    const [, example = ''] = /```json\n([^`]*)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
    const { series, peaks, owners } = await read([example, { samples: [] }], {
      from: 1_700_000_000,
      to: 1_900_000_000,
      peaksFrom: 0,
    });
    expect([series.size, peaks.size, owners.size]).to.deep.equal([2, 1, 1]);
  });

  const cpu = { ...WEB, resource: 'cpu', values: [[150, 1]] };
  for (const [problem, answer] of [
    ['the answer must be an object', []],
    ['samples must be a list', {}],
    ['samples[0] must be an object', { samples: [7] }],
    ['samples[1].pod must be text', { samples: [cpu, { ...cpu, pod: '' }] }],
    ['samples[0].resource must be cpu, memory', { samples: [{ ...cpu, resource: 'disk' }] }],
    ['samples[0].values must be a list', { samples: [{ ...cpu, values: null }] }],
    [
      'samples[0].values[1][1] must be a number',
      {
        samples: [
          {
            ...cpu,
            values: [
              [1, 1],
              [2, '3'],
            ],
          },
        ],
      },
    ],
    ['samples[0].values[0][1] must be a number', { samples: [{ ...cpu, values: [[1, -1]] }] }],
    ['samples[0].values[0][1] must be a number', { samples: [{ ...cpu, values: [[1]] }] }],
    ['samples[0].values[0] must be [seconds', { samples: [{ ...cpu, values: [[1, 2, 3]] }] }],
    ['peaks[0].bytes must be a number', { samples: [], peaks: [{ ...WEB, at: 1 }] }],
    ['owners[0].kind must be text', { samples: [], owners: [{ namespace: 'a', pod: 'b', name: 'c' }] }],
    ['next must be text', { samples: [], next: 7 }],
    ['it is no JSON: <html>', '<html>'],
    ['it is no JSON: {"samples":[', '{"samples":['],
    ['more than 8 MiB', ' '.repeat(9 * 2 ** 20)],
  ] as const) {
    it(`B-MET-7 refuses what does not fit, naming the place: ${problem}`, async () => {
      const error = await read([answer]).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ProviderError).and.to.include({ reason: 'ProviderAnswerInvalid' });
      expect((error as Error).message)
        .to.contain(problem)
        .and.to.contain(`${server.url}/usage`);
    });
  }

  it('has settled what is old enough', () => expect(provider.settled(160_999)).to.equal(100));
});
