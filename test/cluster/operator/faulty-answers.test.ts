import { expect } from 'chai';
import { waitFor } from '../../kit/index.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

/** What Prometheus answers to a query over a range. */
interface Matrix {
  readonly data: {
    result: {
      readonly metric: Readonly<Record<string, string>>;
      values: [number, string][];
    }[];
  };
}

type Series = Matrix['data']['result'];

const FAULTY: Name = 'OptimizationPolicy/faulty/faulty';
const WORKLOADS: readonly Name[] = ['Deployment/faulty/web', 'Deployment/faulty/other'];
const SAID = { 'recommendation.app.cpu-request': '240m', 'recommendation.app.memory-request': '240Mi' };

/** So little that what is recommended is no decrease, for which history has to cover the window without a gap at its end. */
const SMALL = {
  spec: {
    template: { spec: { containers: [{ name: 'app', resources: { requests: { cpu: '100m', memory: '128Mi' } } }] } },
  },
};

/** Ten minutes, in seconds. */
const CLOCK_OFF = 600;

/** An answer whose series are others. */
function withSeries(change: (series: Series) => Series): (answer: string) => string {
  return (answer) => {
    const matrix = JSON.parse(answer) as Matrix;
    matrix.data.result = change(matrix.data.result);
    return JSON.stringify(matrix);
  };
}

const withValues = (change: (values: [number, string][]) => [number, string][]) =>
  withSeries((series) => series.map((one) => ({ ...one, values: change(one.values) })));

describe('answers that are not as they should be', function () {
  this.timeout(90_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const front = () => installation().front;

  before(async () => {
    await objects().create(
      namespace('faulty'),
      deployment('faulty', 'web', SMALL),
      deployment('faulty', 'other', SMALL),
      policy('faulty', 'faulty', { reconciliationInterval: '10s' }),
    );
    await objects().condition(FAULTY, 'MetricsAvailable', 'MetricsAvailable');
  });

  afterEach(async () => {
    front().behave(() => 'forward');
    await objects().evaluate(FAULTY);
    await objects().condition(FAULTY, 'MetricsAvailable', 'MetricsAvailable');
  });

  async function nothingWrong(): Promise<void> {
    for (const workload of WORKLOADS) expect(await objects().said(workload)).to.include(SAID);
  }

  /** Answers like this to a whole reading, and has the policy evaluated after that. */
  async function answering(instead: (answer: string) => string): Promise<void> {
    let answers = 0;
    front().behave(() => ({
      instead: (answer) => {
        answers += 1;
        return instead(answer);
      },
    }));
    // A reading of what is new is at most four queries.
    await waitFor('a reading', () => (answers >= 4 ? true : undefined), { timeoutMs: 40_000, everyMs: 50 });
    await objects().evaluate(FAULTY);
  }

  it('B-MET-10 JSON that breaks off: a condition, and what was written stays', async () => {
    front().behave(() => ({ instead: (answer) => answer.slice(0, answer.length / 2) }));
    await objects().condition(FAULTY, 'MetricsAvailable', 'ProviderAnswerInvalid');
    await nothingWrong();
  });

  for (const [what, instead] of [
    ['nothing after something', withSeries(() => [])],
    ['half of the series', withSeries((series) => series.filter((_, index) => index % 2 === 0))],
    ['every series twice', withSeries((series) => [...series, ...series])],
    ['samples in disorder', withValues((values) => values.toReversed())],
    ['NaN alone', withValues((values) => values.map(([at]) => [at, 'NaN']))],
    ['infinities alone', withValues((values) => values.map(([at], index) => [at, index % 2 ? '+Inf' : '-Inf']))],
    ['instants ten minutes behind', withValues((values) => values.map(([at, value]) => [at - CLOCK_OFF, value]))],
    ['instants ten minutes ahead', withValues((values) => values.map(([at, value]) => [at + CLOCK_OFF, value]))],
  ] as const) {
    it(`B-MET-10 ${what}: no recommendation is another`, async () => {
      await answering(instead);
      await nothingWrong();
      expect(await objects().status(FAULTY)).to.include({ workloadsDiscovered: 2, workloadsProcessed: 2 });
    });
  }
});
