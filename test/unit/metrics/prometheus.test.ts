import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { createEndpoint, type Endpoint } from '../../../operator/metrics/endpoint/endpoint.js';
import { createPrometheusProvider } from '../../../operator/metrics/prometheus/prometheus.js';
import { ProviderError } from '../../../operator/metrics/provider.js';
import type { ReadRequest } from '../../../operator/metrics/reading.js';
import { waitFor } from '../../kit/index.js';
import { answeringServer, type AnsweringServer, type Asked } from '../../support/answering-server.js';
import { METRIC_NAMES } from '../../support/metric-names.js';
import { recordingSink, type RecordingSink } from '../../support/recording-sink.js';

const TO = 1_800_000_000;
const HOUR = 3600;
const WEB = { namespace: 'shop', pod: 'web-1', container: 'app' };

type Labels = Readonly<Record<string, string>>;
type Answer = readonly { readonly metric: Labels; readonly values: readonly (readonly [number, string])[] }[];

/** What a query is about. */
type Topic = 'owners' | 'cpu' | 'memory' | 'peaks' | 'throttled';

function topicOf({ parameters }: Asked): Topic {
  const query = parameters.get('query') ?? '';
  if (query.includes('kube_pod_owner')) return 'owners';
  if (query.includes('throttled')) return 'throttled';
  if (query.includes('rate(')) return 'cpu';
  return parameters.get('step') === '86400' ? 'peaks' : 'memory';
}

/** Its instants. */
function instantsOf({ parameters }: Asked): number[] {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(parameters.get(name)));
  const all: number[] = [];
  for (let at = start ?? 0; at <= (end ?? 0); at += step ?? 1) all.push(at);
  return all;
}

const steady = (asked: Asked, value: string, metric: Labels = WEB): Answer => [
  { metric, values: instantsOf(asked).map((at) => [at, value]) },
];
const matrix = (result: Answer) => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });

describe('the provider prometheus', () => {
  let server: AnsweringServer;
  let endpoint: Endpoint;

  beforeEach(async () => {
    server = await answeringServer();
    endpoint = createEndpoint({ title: 'Prometheus', url: server.url, timeoutMs: 30_000, pausesMs: [1, 1] });
  });

  afterEach(async () => {
    await endpoint.close();
    await server.close();
  });

  const provider = (names = {}, asked = endpoint) =>
    createPrometheusProvider({
      endpoint: asked,
      names: { ...METRIC_NAMES, ...names },
      rateWindowMs: 300_000,
      stepMs: 60_000,
      settleMs: 60_000,
    });

  /** Has these topics answered, and reads. */
  async function read(
    answers: Partial<Record<Topic, (asked: Asked) => Answer>>,
    request: Partial<ReadRequest> = {},
    names = {},
  ) {
    server.behave((asked, response) => response.end(matrix(answers[topicOf(asked)]?.(asked) ?? [])));
    const sink = recordingSink();
    await provider(names).read({ from: TO - HOUR, to: TO, ...request }, sink, new AbortController().signal);
    return sink;
  }

  /** Of a server that has no answer to more than an hour at a time. */
  function expectWholeDay({ series }: RecordingSink): void {
    for (const metric of ['cpu', 'memory']) {
      const instants = series.get(`${metric} shop/web-1/app`)?.map(([at]) => at);
      expect(instants, metric).to.deep.equal(Array.from({ length: 1440 }, (_, i) => TO - 24 * HOUR + (i + 1) * 60));
    }
    // What it could not answer is not asked for again and again.
    expect(server.asked.filter((asked) => instantsOf(asked).length > 60).length).to.be.at.most(4);
  }

  async function failure(reading: Promise<unknown>): Promise<ProviderError> {
    const thrown = await reading.catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(ProviderError);
    return thrown as ProviderError;
  }

  it('B-MET-2 hands over every step of a span once, in order, and no other', async () => {
    const { series } = await read({
      cpu: (asked) => steady(asked, '0.25'),
      memory: (asked) => steady(asked, '1e+06'),
    });
    const instants = Array.from({ length: 60 }, (_, minute) => TO - HOUR + (minute + 1) * 60);
    expect(series.get('cpu shop/web-1/app')).to.deep.equal(instants.map((at) => [at, 0.25]));
    expect(series.get('memory shop/web-1/app')).to.deep.equal(instants.map((at) => [at, 1e6]));
  });

  it('B-MET-2 what is no amount is left out: NaN, infinite, below zero', async () => {
    const odd = ['NaN', '+Inf', '-Inf', '-1', '0', '7'];
    const values = (asked: Asked): Answer => [
      { metric: WEB, values: instantsOf(asked).map((at, index) => [at, odd[index] ?? '1']) },
    ];
    const { series } = await read({ memory: values, cpu: values }, { from: TO - 6 * 60 });
    expect(series.get('memory shop/web-1/app')?.map(([, value]) => value)).to.deep.equal([0, 7]);
    expect(series.get('cpu shop/web-1/app')?.map(([, value]) => value)).to.deep.equal([0, 7]);
  });

  it('B-MET-6 a rate counts only where there was a reading, so that seldom scrapes do not count several times', async () => {
    const { series } = await read({
      cpu: (asked) => [...steady(asked, '0.25'), ...steady(asked, '0.01', { ...WEB, pod: 'gone-1' })],
      memory: (asked) => [
        { metric: WEB, values: instantsOf(asked).flatMap((at) => (at % 120 === 0 ? [[at, '7']] : [])) },
      ],
    });
    expect(series.get('cpu shop/web-1/app')?.map(([at]) => at % 120)).to.deep.equal(Array(30).fill(0));
    // Rates go on for minutes after the last reading.
    expect(series.get('cpu shop/gone-1/app')).to.deep.equal([]);
  });

  it('B-MET-10 no memory of anybody keeps back nobody’s CPU', async () => {
    const { series } = await read({ cpu: (asked) => steady(asked, '0.25') });
    expect(series.get('cpu shop/web-1/app')).to.have.length(60);
    expect([...series.keys()]).to.deep.equal(['cpu shop/web-1/app']);
  });

  it('B-REC-9 throttling is asked for over spans that do not overlap', async () => {
    const { series } = await read({ throttled: (asked) => steady(asked, '0.5') });
    const spans = Array.from({ length: 12 }, (_, index) => [TO - HOUR + (index + 1) * 300, 0.5]);
    expect(series.get('throttled shop/web-1/app')).to.deep.equal(spans);
  });

  it('B-REC-5 peaks come from one query stepped by a day', async () => {
    const { peaks } = await read({ peaks: (asked) => steady(asked, '9') }, { peaksFrom: TO - 14 * 86_400 });
    const days = Array.from({ length: 14 }, (_, day) => [TO - (13 - day) * 86_400, 9]);
    expect(peaks.get('shop/web-1/app')).to.deep.equal(days);
    const asked = server.asked.filter((one) => topicOf(one) === 'peaks');
    expect(asked).to.have.length(1);
    expect((await read({}, {})).peaks.size).to.equal(0);
  });

  it('B-MET-2 owners come through ReplicaSets, whatever the scrape calls the labels', async () => {
    const owner = (labels: Labels, kind: string, name: string): Answer[number] => ({
      metric: { ...labels, owner_kind: kind, owner_name: name },
      values: [[TO, '1']],
    });
    const { owners } = await read({
      owners: () => [
        owner({ namespace: 'shop', pod: 'web-1' }, 'ReplicaSet', 'web'),
        owner({ namespace: 'shop', replicaset: 'web' }, 'Deployment', 'shop-web'),
        owner(
          { namespace: 'monitoring', pod: 'ksm', exported_namespace: 'shop', exported_pod: 'db-0' },
          'StatefulSet',
          'db',
        ),
        owner({ namespace: 'monitoring', pod: 'ksm', exported_namespace: 'bank', replicaset: 'web' }, 'Rollout', 'web'),
        owner({ namespace: 'bank', pod: 'web-7' }, 'ReplicaSet', 'web'),
        owner({ namespace: 'bank', pod: 'lone' }, 'ReplicaSet', 'unknown'),
      ],
    });
    expect(Object.fromEntries(owners)).to.deep.equal({
      'shop/web-1': 'Deployment/shop-web',
      'shop/db-0': 'StatefulSet/db',
      'bank/web-7': 'Rollout/web',
      'bank/lone': 'ReplicaSet/unknown',
    });
  });

  it('B-MET-2 hands over nothing of other namespaces than were asked for', async () => {
    const both = (asked: Asked) => [...steady(asked, '1'), ...steady(asked, '1', { ...WEB, namespace: 'bank' })];
    const { series } = await read({ cpu: both, memory: both }, { namespaces: ['shop', 'te.st'] });
    expect([...series.keys()].sort()).to.deep.equal(['cpu shop/web-1/app', 'memory shop/web-1/app']);
    const queries = server.asked.map(({ parameters }) => parameters.get('query') ?? '');
    expect(queries.filter((query) => query.includes(String.raw`namespace=~"shop|te\\.st"`))).to.have.length(
      server.asked.filter((one) => topicOf(one) !== 'owners').length,
    );
  });

  it('B-MET-2 names of metrics and labels, and further matchers, are as they are set', async () => {
    const names = {
      cpu: 'cpu',
      memory: 'mem',
      podLabel: 'pod_name',
      containerLabel: 'container_name',
      matchers: 'cluster="eu"',
    };
    const metric = { namespace: 'shop', pod_name: 'web-1', container_name: 'app' };
    const { series } = await read(
      { cpu: (asked) => steady(asked, '1', metric), memory: (asked) => steady(asked, '1', metric) },
      {},
      names,
    );
    expect(series.get('cpu shop/web-1/app')).to.have.length(60);
    for (const { parameters } of server.asked) expect(parameters.get('query')).to.contain('cluster="eu"');
    const cpu = server.asked.find((one) => topicOf(one) === 'cpu')?.parameters.get('query');
    expect(cpu).to.equal(
      'max by (namespace, pod_name, container_name) ' +
        '(rate(cpu{container_name!="",container_name!="POD",cluster="eu"}[300s]))',
    );
  });

  it('B-MET-3 reads a day of many series in bounded chunks, two at a time', async () => {
    const series = 400;
    server.behave((asked, response) => {
      const isUsage = ['cpu', 'memory'].includes(topicOf(asked));
      const values = JSON.stringify(instantsOf(asked).map((at) => [at, '1']));
      const all = Array.from({ length: isUsage ? series : 0 }, (_, pod) => {
        const metric = JSON.stringify({ ...WEB, pod: `web-${pod}` });
        return `{"metric":${metric},"values":${values}}`;
      });
      setTimeout(() => response.end(matrix([]).replace('[]', `[${all.join(',')}]`)), 5);
    });
    const sink = recordingSink();
    await provider().read({ from: TO - 86_400, to: TO }, sink, new AbortController().signal);
    expect(sink.series.size).to.equal(2 * series);
    for (const list of sink.series.values()) expect(list).to.have.length(1440);
    expect(server.asked.length).to.be.at.most(24);
    expect(server.most).to.equal(2);
    for (const one of server.asked) expect(instantsOf(one).length * series).to.be.at.most(500_000);
  }).timeout(20_000);

  it('B-MET-3 memory goes on while CPU is worked out, and is no more than two chunks ahead', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    server.behave(async (asked, response) => {
      if (topicOf(asked) === 'cpu') await held;
      response.end(matrix(['cpu', 'memory'].includes(topicOf(asked)) ? steady(asked, '1') : []));
    });
    const sink = recordingSink();
    const reading = provider().read({ from: TO - 86_400, to: TO }, sink, new AbortController().signal);
    const asked = (topic: Topic) => server.asked.filter((one) => topicOf(one) === topic).length;
    await waitFor('the third of memory', () => asked('memory') === 3 || undefined, { everyMs: 5 });
    await pause(50);
    expect({ memory: asked('memory'), cpu: asked('cpu') }).to.deep.equal({ memory: 3, cpu: 1 });
    release();
    await reading;
    expect([...sink.series.values()].map((list) => list.length)).to.deep.equal([1440, 1440]);
  });

  it('B-MET-3 later passes are four queries at most', async () => {
    for (let minute = 1; minute <= 10; minute += 1) {
      const before = server.asked.length;
      await read({}, { from: TO + (minute - 1) * 60, to: TO + minute * 60 });
      expect(server.asked.length - before).to.be.at.most(4);
    }
  });

  it('B-MET-3 halves what is too much for the server, and misses nothing', async () => {
    server.behave((asked, response) => {
      const topic = topicOf(asked);
      if (instantsOf(asked).length > 20) {
        response.writeHead(422).end('{"status":"error","error":"query processing would load too many samples"}');
      } else response.end(matrix(topic === 'owners' || topic === 'peaks' ? [] : steady(asked, '1')));
    });
    const sink = recordingSink();
    await provider().read({ from: TO - 6 * HOUR, to: TO }, sink, new AbortController().signal);
    expect(sink.series.get('cpu shop/web-1/app')).to.have.length(360);
    expect(sink.series.get('memory shop/web-1/app')).to.have.length(360);
  });

  it('B-MET-3 a server that has no answer in time to long questions tells of a day all the same, and of what is new', async () => {
    server.behave((asked, response) => {
      if (instantsOf(asked).length <= 60) {
        response.end(matrix(['cpu', 'memory'].includes(topicOf(asked)) ? steady(asked, '1') : []));
      }
    });
    const impatient = createEndpoint({ title: 'Prometheus', url: server.url, timeoutMs: 500, pausesMs: [1, 1] });
    const sink = recordingSink();
    await provider({}, impatient).read({ from: TO - 24 * HOUR, to: TO }, sink, new AbortController().signal);
    expectWholeDay(sink);
    const news = recordingSink();
    await provider({}, impatient).read({ from: TO, to: TO + 60 }, news, new AbortController().signal);
    expect(news.series.get('cpu shop/web-1/app')).to.deep.equal([[TO + 60, 1]]);
    await impatient.close();
  });

  for (const [what, statusCode, body] of [
    ['stops long queries itself', 503, '{"status":"error","errorType":"timeout","error":"query timed out"}'],
    ['is behind a gateway that does not wait for long', 504, '<html>504 Gateway Time-out'],
  ] as const) {
    it(`B-MET-3 a server that ${what} tells of a day all the same`, async () => {
      server.behave((asked, response) => {
        if (instantsOf(asked).length > 60) response.writeHead(statusCode).end(body);
        else response.end(matrix(['cpu', 'memory'].includes(topicOf(asked)) ? steady(asked, '1') : []));
      });
      const sink = recordingSink();
      await provider().read({ from: TO - 24 * HOUR, to: TO }, sink, new AbortController().signal);
      expectWholeDay(sink);
    });
  }

  it('B-MET-3 a server that takes no query of more than a month tells of 90 days all the same', async () => {
    server.behave((asked, response) => {
      const all = instantsOf(asked);
      if ((all.at(-1) ?? 0) - (all[0] ?? 0) > 32 * 24 * HOUR) {
        response.writeHead(422).end('{"status":"error","error":"the total query time range exceeds the limit"}');
      } else response.end(matrix([]));
    });
    const sink = recordingSink();
    await provider().read({ from: TO - 90 * 24 * HOUR, to: TO }, sink, new AbortController().signal);
  });

  for (const [what, behave, reason] of [
    ['answers 503', (_: Asked, response) => response.writeHead(503).end('busy'), 'ProviderRefused'],
    ['refuses', (_: Asked, response) => response.writeHead(401).end('who are you'), 'ProviderRefused'],
    ['says error with 200', (_: Asked, response) => response.end('{"status":"error","error":"no"}'), 'ProviderRefused'],
    ['cuts its JSON short', (_: Asked, response) => response.end(matrix([]).slice(0, -3)), 'ProviderAnswerInvalid'],
    ['is a web page', (_: Asked, response) => response.end('<html>hello'), 'ProviderAnswerInvalid'],
    [
      'lacks a part of its storage',
      (_: Asked, response) => response.end(matrix([]).replace('{', '{"isPartial":true,')),
      'ProviderAnswerInvalid',
    ],
  ] as const satisfies readonly (readonly [string, Parameters<AnsweringServer['behave']>[0], string])[]) {
    it(`B-MET-10 one that ${what} is told as ${reason}, with its address`, async () => {
      server.behave(behave);
      const sink = recordingSink();
      const request = { from: TO - HOUR, to: TO };
      const error = await failure(provider().read(request, sink, new AbortController().signal));
      expect(error.reason).to.equal(reason);
      expect(error.message).to.contain(server.url);
      expect(sink.series.size).to.equal(0);
    });
  }

  it('B-MET-10 one that is silent is told as ProviderUnreachable', async () => {
    server.behave(() => undefined);
    const impatient = createEndpoint({ title: 'Prometheus', url: server.url, timeoutMs: 20 });
    const reading = provider({}, impatient).read({ from: 0, to: 60 }, recordingSink(), new AbortController().signal);
    expect((await failure(reading)).reason).to.equal('ProviderUnreachable');
    await impatient.close();
  });

  it('B-MET-10 trouble with any one query is told, and none goes on unseen', async () => {
    for (const topic of ['owners', 'cpu', 'memory', 'throttled', 'peaks'] as const) {
      const reader = provider();
      server.behave((asked, response) => {
        if (topicOf(asked) === topic) response.writeHead(400).end('no');
        else response.end(matrix([]));
      });
      const request = { from: TO - 86_400, to: TO, peaksFrom: TO - 86_400 };
      const error = await failure(reader.read(request, recordingSink(), new AbortController().signal));
      expect(error.reason, topic).to.equal('ProviderRefused');
    }
  });

  it('has settled what is old enough, at a whole step', () => {
    expect(provider().settled(TO * 1000 + 59_999)).to.equal(TO - 60);
    expect(provider().settled(TO * 1000 + 60_000)).to.equal(TO);
  });
});
