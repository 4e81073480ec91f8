import { expect } from 'chai';
import { parse } from 'yaml';
import { amountAxis, timeAxis } from '../../../cli/backtest/axis.js';
import { backtestWorkload, outlasts, reportOf, type Report } from '../../../cli/backtest/backtest.js';
import { chartOf } from '../../../cli/backtest/chart.js';
import { random } from '../../../cli/backtest/random.js';
import { toCsv, toJson, toMarkdown, toTable, toYaml } from '../../../cli/backtest/report.js';
import type { Score } from '../../../cli/backtest/score.js';
import { syntheticTrace, syntheticTraces } from '../../../cli/backtest/synthetic.js';
import { traceOf } from '../../../cli/backtest/trace.js';
import { progress } from '../../../cli/progress.js';

const SCORE: Score = {
  cpu: { slack: 0.25, above: 0.0512 },
  memory: { slack: 0.5, above: 0, crossings: 1.5 },
  changes: 3,
};
const NOTHING: Score = {
  cpu: { slack: undefined, above: undefined },
  memory: { slack: undefined, above: undefined, crossings: undefined },
  changes: undefined,
};

describe('the report', () => {
  const report = reportOf(
    ['vpa', 'optipod/default'],
    new Map([
      ['web', [SCORE, NOTHING]],
      ['shop/Deployment/"api", new', [SCORE, NOTHING]],
    ]),
  );

  it('B-TRU-1 as JSON is exactly the documented one, of the fleet', () => {
    expect(JSON.parse(toJson(report))).to.deep.equal({
      estimators: [
        {
          name: 'vpa',
          cpu: { slack: 0.25, above: 0.0512 },
          memory: { slack: 0.5, above: 0, crossings: 1.5 },
          changes: 3,
        },
        {
          name: 'optipod/default',
          cpu: { slack: null, above: null },
          memory: { slack: null, above: null, crossings: null },
          changes: null,
        },
      ],
    });
  });

  it('B-OBS-4 as YAML is the same as as JSON', () => {
    expect(parse(toYaml(report))).to.deep.equal(JSON.parse(toJson(report)));
  });

  it('B-OBS-4 as CSV has a line for each estimator, on the fleet and on every workload', () => {
    expect(toCsv(report).split('\n')).to.deep.equal([
      'workload,estimator,cpu_slack,cpu_above,memory_slack,memory_above,memory_crossings,changes',
      ',vpa,0.25,0.0512,0.5,0,1.5,3',
      'web,vpa,0.25,0.0512,0.5,0,1.5,3',
      '"shop/Deployment/""api"", new",vpa,0.25,0.0512,0.5,0,1.5,3',
      ',optipod/default,,,,,,',
      'web,optipod/default,,,,,,',
      '"shop/Deployment/""api"", new",optipod/default,,,,,,',
      '',
    ]);
  });

  it('B-OBS-4 as Markdown and for the terminal has a table of the fleet and one of each workload', () => {
    const markdown = toMarkdown(report);
    expect(markdown).to.match(/^## The fleet: 2 workloads\n\n\| estimator \| CPU slack \|/);
    expect(markdown).to.include('| vpa | 25.0% | 5.1% | 50.0% | 0.0% | 1.50 | 3.00 |');
    expect(markdown).to.include('| optipod/default | - | - | - | - | - | - |');
    expect(markdown).to.include('\n## web\n');
    const table = toTable(report);
    expect(table.indexOf('web\n')).to.be.lessThan(table.indexOf('The fleet: 2 workloads'));
    const lines = table.slice(table.indexOf('The fleet')).trimEnd().split('\n');
    expect(lines).to.have.length(4);
    expect(new Set(lines.slice(1).map(({ length }) => length))).to.have.property('size', 1);
  });

  it('B-OBS-4 of a single workload is not told twice', () => {
    const single: Report = reportOf(['vpa'], new Map([['web', [SCORE]]]));
    expect(toMarkdown(single)).to.include('## The fleet: 1 workload\n').and.not.to.include('## web');
  });
});

describe('the chart', () => {
  const trace = syntheticTrace('diurnal', { seed: 1, days: 10 });
  const replays = [
    {
      estimator: 'a & <b>',
      course: [{ at: trace.samples[0]?.at ?? 0, requests: { cpu: 1, memory: 2 ** 30 } }],
      score: SCORE,
    },
    { estimator: 'silent', course: [], score: NOTHING },
  ];

  it('B-TRU-1 shows usage, each estimator by name, and the units of both axes', () => {
    const svg = chartOf({ ...trace, name: 'shop<web>' }, replays);
    expect(svg).to.match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>\n$/s);
    for (const text of ['shop&lt;web&gt;', 'usage', 'a &amp; &lt;b&gt;', 'silent', 'CPU, cores', '01-06', '1 GiB']) {
      expect(svg).to.include(`>${text}<`);
    }
    expect(svg).not.to.include('NaN').and.not.to.include('undefined');
  });

  it('B-TRU-1 draws requests as steps: to the next change, then to its height, and to the end', () => {
    const at = trace.samples[0]?.at ?? 0;
    const course = [
      { at, requests: { cpu: 1 } },
      { at: at + 5 * 86_400, requests: { cpu: 2 } },
    ];
    const svg = chartOf(trace, [{ estimator: 'a', course, score: SCORE }]);
    expect(svg).to.match(/<path d="M0 [\d.]+H[\d.]+V[\d.]+H1104" fill="none" stroke="#d55e00"/);
  });

  it('B-TRU-1 loses no peak, however many samples share a column of pixels', () => {
    const spike = traceOf('web', [
      { pod: 'web', resource: 'cpu', samples: Array.from({ length: 50_000 }, (_, at) => [at, at === 30_001 ? 10 : 1]) },
    ]);
    const usage = /<path d="([^"]*)" fill="none" stroke="#b0b0b0"/.exec(chartOf(spike, []))?.[1] ?? '';
    const heights = [...usage.matchAll(/V([\d.]+)/g)].map(([, height]) => Number(height));
    expect(Math.min(...heights)).to.be.closeTo(240 * (1 - 1 / 1.05), 0.1);
  });

  it('B-TRU-1 has axes with round numbers', () => {
    expect(amountAxis('cpu', 1.9, 240).ticks.map(({ label }) => label)).to.deep.equal(['0', '0.5', '1', '1.5']);
    expect(amountAxis('cpu', 0, 240).ticks[0]).to.deep.equal({ label: '0', place: 240 });
    expect(amountAxis('memory', 600 * 2 ** 20, 240).ticks.map(({ label }) => label)).to.deep.equal(
      ['0', '200', '400', '600'].map((amount) => `${amount} MiB`),
    );
    const month = timeAxis(1_767_571_200, 1_767_571_200 + 30 * 86_400, 1000).ticks;
    expect(month.length).to.be.within(8, 16);
    expect(month[0]).to.deep.equal({ label: '01-05', place: 0 });
  });
});

describe('made-up traces', () => {
  it('B-TRU-1 are the same for the same seed, and others for another', () => {
    expect(syntheticTraces({ seed: 7, days: 2 })).to.deep.equal(syntheticTraces({ seed: 7, days: 2 }));
    expect(syntheticTrace('bursty', { seed: 7, days: 2 })).not.to.deep.equal(
      syntheticTrace('bursty', { seed: 8, days: 2 }),
    );
  });

  it('B-TRU-1 are of every kind, each with its own character', () => {
    const of = (name: Parameters<typeof syntheticTrace>[0], resource: 'cpu' | 'memory') =>
      syntheticTrace(name, { seed: 1 })
        .samples.filter((sample) => sample.resource === resource)
        .map(({ value }) => value);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const ratio = (values: readonly number[], slice: (day: number, hour: number) => boolean) => {
      const [inside, outside] = [true, false].map((wanted) =>
        mean(values.filter((_, index) => slice(Math.floor(index / 288), (index % 288) / 12) === wanted)),
      ) as [number, number];
      return inside / outside;
    };
    expect(syntheticTraces({ seed: 1, days: 1 }).map(({ name }) => name)).to.deep.equal([
      'steady',
      'diurnal',
      'weekly',
      'bursty',
      'leak',
      'jvm',
      'batch',
      'deploy',
    ]);
    expect(Math.max(...of('steady', 'cpu')) / mean(of('steady', 'cpu'))).to.be.lessThan(1.3);
    expect(ratio(of('diurnal', 'cpu'), (_, hour) => hour >= 10 && hour < 22)).to.be.greaterThan(2);
    expect(ratio(of('weekly', 'cpu'), (day) => day % 7 < 5)).to.be.greaterThan(1.5);
    expect(Math.max(...of('bursty', 'cpu')) / mean(of('bursty', 'cpu'))).to.be.greaterThan(5);
    expect(ratio(of('leak', 'memory'), (day) => day % 7 === 6)).to.be.greaterThan(1.5);
    const heap = of('jvm', 'memory');
    expect(Math.min(...heap.slice(-288)) / Math.max(...heap.slice(0, 288))).to.be.greaterThan(1.5);
    expect(ratio(of('batch', 'cpu'), (_, hour) => hour >= 2 && hour < 4)).to.be.greaterThan(50);
    expect(ratio(of('deploy', 'memory'), (day) => day >= 20)).to.be.closeTo(1.5, 0.05);
  });

  it('B-TRU-1 are noise of mean 0 and deviation 1', () => {
    const { normal, uniform } = random(3);
    const values = Array.from({ length: 20_000 }, () => normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(mean).to.be.closeTo(0, 0.03);
    expect(deviation).to.be.closeTo(1, 0.03);
    for (let i = 0; i < 1000; i += 1) expect(uniform()).to.be.within(0, 1 - 2 ** -32);
  });
});

describe('a backtest', () => {
  it('B-TRU-1 judges nothing of a trace that ends within the warm-up', () => {
    const trace = syntheticTrace('steady', { seed: 1, days: 2 });
    expect(outlasts(trace, { warmupMs: 86_400_000 })).to.equal(true);
    expect(outlasts(trace, { warmupMs: 2 * 86_400_000 })).to.equal(false);
    expect(outlasts({ name: 'empty', samples: [] }, { warmupMs: 0 })).to.equal(false);
    expect(backtestWorkload(trace, [], { warmupMs: 0, stepMs: 3_600_000 }).replays).to.deep.equal([]);
  });

  it('B-OBS-4 tells of its progress once it takes longer than a second, and takes it back on a terminal', () => {
    for (const [isTTY, expected] of [
      [true, ['\r\u{1B}[Koptipod: 2 of 9: web', '\r\u{1B}[K']],
      [false, ['optipod: 2 of 9: web\n']],
    ] as const) {
      const written: string[] = [];
      let time = 0;
      const progressing = progress(9, { isTTY, write: (text) => written.push(text) }, () => time);
      for (const [at, done] of [
        [900, 1],
        [1100, 2],
        [1900, 3],
      ] as const) {
        time = at;
        progressing.at(done, 'web');
      }
      progressing.end();
      expect(written).to.deep.equal(expected);
    }
  });
});
