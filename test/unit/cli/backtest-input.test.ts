import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { parseCsv } from '../../../cli/backtest/csv.js';
import { tracesIn } from '../../../cli/backtest/folder.js';
import { ownerOf } from '../../../cli/backtest/owners.js';
import { policyEstimators } from '../../../cli/backtest/policy-file.js';
import { recordedTraces } from '../../../cli/backtest/prometheus.js';
import { Refused } from '../../../cli/refused.js';
import { createEndpoint, type Endpoint } from '../../../operator/metrics/endpoint/endpoint.js';
import { METRIC_NAMES } from '../../support/metric-names.js';

const HEADER = 'timestamp,cpu_cores,memory_bytes';

describe('traces as CSV', () => {
  const parse = (...lines: string[]) => parseCsv('web', 'web.csv', [HEADER, ...lines].join('\n'));

  it('B-TRU-1 reads seconds, cores and bytes, in any order, with either end of line', () => {
    const { name, samples } = parseCsv('web', 'web.csv', `\uFEFF${HEADER}\r\n120,0.5,1e6\r\n60, 1 ,2000000\r\n\r\n`);
    expect(name).to.equal('web');
    expect(samples).to.deep.equal([
      { at: 60, resource: 'cpu', pod: 'web', value: 1 },
      { at: 60, resource: 'memory', pod: 'web', value: 2e6 },
      { at: 120, resource: 'cpu', pod: 'web', value: 0.5 },
      { at: 120, resource: 'memory', pod: 'web', value: 1e6 },
    ]);
  });

  it('B-MET-2 leaves out what is no usable amount, and takes the higher one of two for the same instant', () => {
    const { samples } = parse('60,NaN,1', '120,-1,2', '180,,3', '240,+Inf,-inf', '300,2,5', '300,3,4');
    expect(samples.map(({ at, resource, value }) => [at, resource, value])).to.deep.equal([
      [60, 'memory', 1],
      [120, 'memory', 2],
      [180, 'memory', 3],
      [300, 'cpu', 3],
      [300, 'memory', 5],
    ]);
  });

  for (const [what, lines, message] of [
    ['a word', ['60,1,1', '120,much,1'], 'web.csv:3: cpu_cores must be a number, not "much"'],
    ['a quantity', ['60,1,1Gi'], 'web.csv:2: memory_bytes must be a number, not "1Gi"'],
    ['too few values', ['60,1'], `web.csv:2: a line must have the three values of ${HEADER}, not "60,1"`],
    ['too many values', ['60,1,1,1'], `web.csv:2: a line must have the three values of ${HEADER}, not "60,1,1,1"`],
    ['no instant', [',1,1'], 'web.csv:2: timestamp must be a number of seconds since 1970, not ""'],
    ['NaN as instant', ['NaN,1,1'], 'web.csv:2: timestamp must be a number of seconds since 1970, not "NaN"'],
    [
      'milliseconds',
      ['1375308176000,1,1'],
      'web.csv:2: timestamp must be a number of seconds since 1970, not "1375308176000"',
    ],
  ] as const) {
    it(`B-TRU-1 names file, line and value of ${what}`, () => {
      expect(() => parse(...lines)).to.throw(Refused, message);
    });
  }

  it('B-TRU-1 wants the header that says what is what', () => {
    expect(() => parseCsv('web', 'web.csv', '60,1,1')).to.throw(
      Refused,
      `web.csv:1: the header must be ${HEADER}, not "60,1,1"`,
    );
    expect(() => parseCsv('web', 'web.csv', '')).to.throw(Refused, 'web.csv:1: the header must be');
  });
});

describe('what a backtest reads from files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'optipod-backtest-'));
    await Promise.all(
      ['b.csv', 'a.csv', 'README.md'].map((name) => writeFile(join(folder, name), `${HEADER}\n60,1,1\n`)),
    );
  });
  after(() => rm(folder, { recursive: true }));

  const refusal = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'nothing was refused',
      (error: unknown) => (error instanceof Refused ? error.message : error),
    );

  it('B-TRU-1 is one workload in each *.csv of a folder, or in the file that is named', async () => {
    expect((await tracesIn(folder)).map(({ name }) => name)).to.deep.equal(['a', 'b']);
    const [only, ...more] = await tracesIn(join(folder, 'b.csv'));
    expect(more).to.deep.equal([]);
    expect((await only?.read())?.samples).to.have.length(2);
  });

  it('B-OBS-4 what is not there is named', async () => {
    expect(await refusal(tracesIn(join(folder, 'none')))).to.equal(`${folder}/none: no such file or directory`);
    const empty = await mkdtemp(join(folder, 'empty-'));
    expect(await refusal(tracesIn(empty))).to.equal(`${empty}: there is no *.csv in it`);
    expect(await refusal(policyEstimators(join(folder, 'none.yaml')))).to.include('none.yaml');
  });

  it('B-TRU-1 a policy file is an estimator for each policy in it, with the defaults that kube-apiserver would give', async () => {
    const file = join(folder, 'policies.yaml');
    const policy = (name: string, cpu: string): string =>
      `apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata: { name: ${name}, namespace: shop }
spec:
  mode: Auto
  selector: { namespaces: { allow: [shop] } }
  metricsConfig: { provider: prometheus }
  resourceBounds: { cpu: { min: ${cpu}, max: 4 }, memory: { min: 64Mi, max: 4Gi } }
  updateStrategy: {}
`;
    await writeFile(
      file,
      [policy('web', '100m'), 'kind: ConfigMap\napiVersion: v1\n', policy('api', '3')].join('---\n'),
    );
    const estimators = await policyEstimators(file);
    expect(estimators.map(({ name }) => name)).to.deep.equal(['policy/web', 'policy/api']);
    const recommended = estimators.map((estimator) => {
      const estimation = estimator.start();
      for (let at = 0; at < 24; at += 1) estimation.observe({ at: at * 60, resource: 'cpu', pod: 'web', value: 1 });
      return estimation.recommend(24 * 60).cpu;
    });
    expect(recommended).to.deep.equal([1.2, 3]);

    await writeFile(file, policy('web', '8'));
    expect(await refusal(policyEstimators(file))).to.match(
      /policies\.yaml:8:\d+: spec\.resourceBounds\.cpu\.min: .*min must/,
    );
    await writeFile(file, 'kind: ConfigMap\napiVersion: v1\n');
    expect(await refusal(policyEstimators(file))).to.equal(`${file}: there is no OptimizationPolicy in it`);
  });
});

describe('owners of recorded pods', () => {
  const recorded = new Map([
    ['shop/odd', { kind: 'Deployment', name: 'web' }],
    ['shop/young', { kind: 'ReplicaSet', name: 'api-7d4b9c6f5d' }],
    ['shop/report-29000000-x2k9z', { kind: 'Job', name: 'report-29000000' }],
    ['shop/agent-x2k9z', { kind: 'DaemonSet', name: 'agent' }],
    ['shop/strange-0', { kind: 'CloneSet', name: 'strange' }],
  ]);
  const told = (pod: string, namespace = 'shop'): string | undefined => {
    const owner = ownerOf(namespace, pod, recorded);
    return owner && `${owner.kind}/${owner.name}`;
  };

  it('B-MET-2 are what kube-state-metrics says, through the ReplicaSet, and none of other kinds', () => {
    expect(['odd', 'young', 'agent-x2k9z'].map((pod) => told(pod))).to.deep.equal([
      'Deployment/web',
      'Deployment/api',
      'DaemonSet/agent',
    ]);
    expect(['report-29000000-x2k9z', 'strange-0'].map((pod) => told(pod))).to.deep.equal([undefined, undefined]);
  });

  it('B-MET-2 are as controllers name pods, where nothing was recorded', () => {
    expect(told('web-7d4b9c6f5d-x2k9z', 'other')).to.equal('Deployment/web');
    expect(told('db-12')).to.equal('StatefulSet/db');
    expect(told('proxy-x2k9z')).to.equal('DaemonSet/proxy');
    expect(told('bare')).to.equal(undefined);
  });
});

describe('usage from Prometheus', () => {
  let server: Server;
  let url: string;
  let endpoint: Endpoint;
  let asked: URLSearchParams[] = [];
  let answer: (query: URLSearchParams) => unknown;

  before(async () => {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const query = new URLSearchParams(body);
        asked.push(query);
        response.end(JSON.stringify(answer(query)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    endpoint = createEndpoint({ title: 'Prometheus', url, timeoutMs: 10_000, pausesMs: [1, 1] });
  });
  after(async () => {
    await endpoint.close();
    server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const now = 1_767_571_230_000;
  const options = {
    names: METRIC_NAMES,
    namespaces: [],
    sinceMs: 2 * 86_400_000,
    now,
    progress: () => ({ at: () => undefined, end: () => undefined }),
  };
  const matrix = (result: unknown[]): unknown => ({ status: 'success', data: { resultType: 'matrix', result } });

  it('B-TRU-1 is one trace for each container of each workload, its pods pooled', async () => {
    answer = (query) => {
      const [expression, start] = [query.get('query') ?? '', Number(query.get('start'))];
      if (expression.includes('kube_')) return matrix([]);
      const series = (pod: string, value: string) => ({
        metric: { namespace: 'shop', pod, container: 'app' },
        values: [[start, value]],
      });
      return expression.includes('cpu')
        ? matrix([series('web-7d4b9c6f5d-x2k9z', '0.25'), series('web-7d4b9c6f5d-mmmmm', 'NaN'), series('alone', '3')])
        : matrix([series('web-7d4b9c6f5d-x2k9z', '1000')]);
    };
    const sources = await recordedTraces({ ...options, endpoint, namespaces: ['shop', 'a.b'] });
    expect(sources.map(({ name }) => name)).to.deep.equal(['shop/Deployment/web/app']);
    const { samples } = (await sources[0]?.read()) ?? { samples: [] };
    expect(new Set(samples.map(({ resource, value, pod }) => `${resource} ${value} ${pod}`))).to.deep.equal(
      new Set(['cpu 0.25 web-7d4b9c6f5d-x2k9z', 'memory 1000 web-7d4b9c6f5d-x2k9z']),
    );
    const usage = asked.filter((query) => query.get('query')?.includes('container_') === true);
    for (const query of usage) expect(query.get('query')).to.include(String.raw`namespace=~"shop|a\\.b"`);
  });

  it('B-MET-3 asks day by day, each instant once, whatever the number of workloads', async () => {
    answer = (query) => {
      const start = Number(query.get('start'));
      const metric = { namespace: 'shop', pod: 'db-0', container: 'app' };
      return matrix((query.get('query') ?? '').includes('kube_') ? [] : [{ metric, values: [[start, '1']] }]);
    };
    await recordedTraces({ ...options, endpoint });
    const cpu = asked.filter((query) => query.get('query')?.includes('cpu') === true);
    const spans = cpu.map((query) => [Number(query.get('start')), Number(query.get('end'))] as const);
    expect(asked).to.have.length(2 * spans.length + 1);
    expect(spans[0]?.[0]).to.equal(1_767_571_200 - 300 - 2 * 86_400);
    expect(spans.at(-1)?.[1]).to.equal(1_767_571_200 - 300);
    for (const [index, [start]] of spans.entries())
      if (index > 0) expect(start).to.equal((spans[index - 1]?.[1] ?? 0) + 300);
    for (const query of cpu) expect(query.get('step')).to.equal('300');
  });

  it('B-OBS-4 says what Prometheus answered, and where it has nothing', async () => {
    answer = () => ({ status: 'error', error: 'too many points' });
    const failed = await recordedTraces({ ...options, endpoint }).then(String, (error: unknown) => error);
    expect(failed).to.be.instanceOf(Refused);
    expect(String(failed)).to.include('too many points').and.include(url);
    answer = () => matrix([]);
    const empty = await recordedTraces({ ...options, endpoint }).then(String, (error: unknown) => error);
    expect(empty).to.be.instanceOf(Refused);
    expect(String(empty)).to.include('there is no usage of any Deployment, StatefulSet or DaemonSet');
  });
});
