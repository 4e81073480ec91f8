import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { optipod, saidBy, type Outcome } from '../../support/command.js';

const HEADER = 'timestamp,cpu_cores,memory_bytes';

interface Printed {
  readonly estimators: readonly {
    readonly name: string;
    readonly cpu: { readonly slack: number; readonly above: number };
    readonly memory: { readonly slack: number; readonly above: number; readonly crossings: number };
    readonly changes: number;
  }[];
}

describe('optipod backtest', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const outcomes = new Map<string, Outcome>();

  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), 'optipod-backtest-'));
    const usage = (days: number): string =>
      [HEADER, ...Array.from({ length: days * 24 }, (_, hour) => `${hour * 3600},0.1,104857600`)].join('\n');
    await writeFile(file('web.csv'), usage(10));
    await writeFile(file('young.csv'), usage(3));
    await writeFile(file('broken.txt'), `${HEADER}\n60,1,1\n120,1,lots\n`);
    const policy = {
      apiVersion: 'optipod.io/v1alpha1',
      kind: 'OptimizationPolicy',
      metadata: { name: 'web' },
      spec: {
        mode: 'Auto',
        selector: { namespaces: { allow: ['shop'] } },
        metricsConfig: { provider: 'prometheus' },
        resourceBounds: { cpu: { min: '400m', max: '4' }, memory: { min: '400Mi', max: '4Gi' } },
        updateStrategy: {},
      },
    };
    await writeFile(file('policy.json'), JSON.stringify(policy));
    const invocations: Readonly<Record<string, readonly string[]>> = {
      folder: [folder, '-o', 'json', '--svg', file('svg')],
      young: [file('young.csv')],
      policies: ['--policy', file('policy.json'), '--policy', file('policy.json'), file('web.csv'), '-o', 'csv'],
      synthetic: ['--synthetic', '--seed', '3', '--warmup', '25d', '--step', '6h', '-o', 'json'],
      again: ['--synthetic', '--seed', '3', '--warmup', '25d', '--step', '6h', '-o', 'json'],
      broken: [file('broken.txt')],
      missing: [file('none')],
      nothing: [],
      both: [folder, '--synthetic'],
      warmup: [folder, '--warmup', 'soon'],
      seed: ['--synthetic', '--seed', 'x'],
      url: ['--prometheus', 'localhost'],
      unreachable: ['--prometheus', 'http://127.0.0.1:9', '--since', '9d'],
    };
    await Promise.all(
      Object.entries(invocations).map(async ([name, args]) => outcomes.set(name, await optipod(['backtest', ...args]))),
    );
  });
  after(() => rm(folder, { recursive: true }));

  const outcome = (name: string): Outcome => outcomes.get(name) ?? { code: -1, stdout: '', stderr: 'was not run' };

  it('B-TRU-1 compares the VPA, KRR, the default policy and every preset, on the usage in a folder', () => {
    const { code, stdout } = outcome('folder');
    expect(code).to.equal(0);
    expect(saidBy(outcome('folder'))).to.equal('optipod: young: left out, for nothing in it comes after the warm-up\n');
    const { estimators } = JSON.parse(stdout) as Printed;
    expect(estimators.map(({ name }) => name)).to.deep.equal([
      'vpa',
      'krr',
      'optipod/default',
      ...['steady', 'responsive', 'latency', 'batch', 'memory', 'economy'].map((preset) => `optipod/${preset}`),
    ]);
    const standard = estimators[2];
    expect(standard).to.have.keys('name', 'cpu', 'memory', 'changes');
    // P90 of constant usage × 1.2, whatever the memory floor adds.
    expect(standard?.cpu).to.have.keys('slack', 'above').and.to.deep.include({ above: 0 });
    expect(standard?.cpu.slack).to.be.closeTo(1 - 1 / 1.2, 1e-9);
    expect(standard?.memory)
      .to.have.keys('slack', 'above', 'crossings')
      .and.to.deep.include({ above: 0, crossings: 0 });
    expect(standard?.changes).to.equal(0);
  });

  it('B-TRU-1 writes a picture of each workload', async () => {
    expect(await readdir(file('svg'))).to.deep.equal(['web.svg']);
    expect(await readFile(file('svg/web.svg'), 'utf8')).to.match(/^<svg .*optipod\/responsive/s);
  });

  it('B-TRU-1 compares policies from files, within their own bounds', () => {
    const { code, stdout } = outcome('policies');
    expect(code).to.equal(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('web,policy/web,'));
    // 100m and 100Mi are used, the least that may be recommended is four times as much.
    expect(lines).to.deep.equal(Array(2).fill('web,policy/web,0.75,0,0.75,0,0,0'));
  });

  it('B-TRU-1 tries itself on made-up usage, the same for the same seed', () => {
    const { code, stdout } = outcome('synthetic');
    expect(code).to.equal(0);
    expect(stdout).to.equal(outcome('again').stdout);
    for (const { cpu, memory } of (JSON.parse(stdout) as Printed).estimators) {
      for (const share of [cpu.slack, cpu.above, memory.slack, memory.above]) expect(share).to.be.within(0, 1);
    }
  });

  for (const [name, message] of [
    ['young', 'there is nothing after the warm-up to replay: see --warmup'],
    ['broken', 'broken.txt:3: memory_bytes must be a number, not "lots"'],
    ['missing', 'none: no such file or directory'],
    ['nothing', 'backtest needs one of DIR, --prometheus URL and --synthetic'],
    ['both', 'backtest needs one of DIR, --prometheus URL and --synthetic'],
    ['warmup', 'It takes a duration such as 90s, 12h or 7d.'],
    ['seed', 'It must be a whole number.'],
    ['url', 'It must be a URL that begins with http:// or https://, without user name, password, query or fragment;'],
    ['unreachable', 'Prometheus at http://127.0.0.1:9/api/v1/query_range cannot be reached'],
  ] as const) {
    it(`B-OBS-4 ends with 2 and says why on stderr alone: ${name}`, () => {
      const { code, stdout, stderr } = outcome(name);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.include(message).and.not.to.include('    at ');
    });
  }
});
