import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type SettingSources, parsers, readSettings, settingNames } from '../../../operator/runtime/index.js';

const table = {
  logLevel: { parser: parsers.choice('debug', 'info', 'warn'), default: 'info', description: 'How much is logged.' },
  resync: { parser: parsers.duration, default: '5m', description: 'How often.' },
  workers: { parser: parsers.integer({ min: 1, max: 64 }), default: '4', description: 'How many.' },
  dryRun: { parser: parsers.boolean, default: 'false', description: 'Only look.' },
  prometheusUrl: { parser: parsers.url(), description: 'Where Prometheus is.' },
  prometheusToken: { parser: parsers.string, secret: true, description: 'Its bearer token.' },
} as const;

const read = (sources: Partial<SettingSources> = {}) =>
  readSettings(table, { env: {}, argv: [], prefix: 'APP_', ...sources });

describe('settings', () => {
  it('have the types and values of their table', () => {
    const settings = read();
    const resync: number = settings.resync;
    const level: 'debug' | 'info' | 'warn' = settings.logLevel;
    const url: string | undefined = settings.prometheusUrl;
    expect([resync, level, url]).to.deep.equal([300_000, 'info', undefined]);
    expect(settings).to.deep.equal({
      logLevel: 'info',
      resync: 300_000,
      workers: 4,
      dryRun: false,
      prometheusUrl: undefined,
      prometheusToken: undefined,
    });
  });

  it('B-OPR-4 defaults < file < environment < flags', () => {
    const level = fc.option(fc.constantFrom('debug', 'info', 'warn'), { nil: undefined });
    fc.assert(
      fc.property(level, level, level, (file, env, flag) => {
        const settings = read({
          file: file === undefined ? {} : { logLevel: file },
          env: { APP_LOG_LEVEL: env },
          argv: flag === undefined ? [] : ['--log-level', flag],
        });
        expect(settings.logLevel).to.equal(flag ?? env ?? file ?? 'info');
      }),
    );
  });

  it('read flags as --name value, --name=value, and booleans alone', () => {
    expect(read({ argv: ['--workers=8', '--dry-run', '--resync', '1h30m'] })).to.include({
      workers: 8,
      dryRun: true,
      resync: 5_400_000,
    });
    expect(read({ argv: ['--dry-run=false'], env: { APP_DRY_RUN: 'true' } }).dryRun).to.equal(false);
    expect(read({ argv: ['--prometheus-url=http://p:9090/?a=b'] }).prometheusUrl).to.equal('http://p:9090/?a=b');
  });

  it('read scalars from the file, and take an empty variable for an absent one', () => {
    const settings = read({ file: { workers: 2, dryRun: true, resync: '7d' }, env: { APP_WORKERS: '' } });
    expect(settings).to.include({ workers: 2, dryRun: true, resync: 604_800_000 });
  });

  const wrong: [string, Partial<SettingSources>, string][] = [
    ['a bad flag', { argv: ['--workers', 'many'] }, '--workers is "many"; it must be a whole number from 1 to 64'],
    ['a value out of range', { argv: ['--workers=65'] }, '--workers is "65"; it must be a whole number from 1 to 64'],
    [
      'a flag without its value',
      { argv: ['--resync'] },
      '--resync has no value; it must be a duration such as 90s, 12h or 7d',
    ],
    ['a bad variable', { env: { APP_RESYNC: '5 minutes' } }, 'APP_RESYNC is "5 minutes"; it must be a duration'],
    [
      'a bad file entry',
      { file: { logLevel: 'loud' } },
      'logLevel in the settings file is "loud"; it must be debug, info or warn',
    ],
    [
      'a structured file entry',
      { file: { workers: [1] } },
      'workers in the settings file is [1]; it must be a whole number',
    ],
    [
      'a bad URL',
      { env: { APP_PROMETHEUS_URL: 'prometheus:9090' } },
      'it must be a URL that begins with http:// or https://',
    ],
    ['an unknown flag', { argv: ['--log-levle=debug'] }, '--log-levle is no flag; there are --dry-run, --log-level,'],
    ['a stray argument', { argv: ['run'] }, 'run is no flag'],
    [
      'an unknown file entry',
      { file: { loglevel: 'debug' } },
      'loglevel in the settings file is no setting; there are dryRun,',
    ],
    ['a name that every object has', { file: { constructor: 'x' } }, 'constructor in the settings file is no setting'],
    [
      'a secret as a flag',
      { argv: ['--prometheus-token=abc'] },
      '--prometheus-token is a secret: give it in APP_PROMETHEUS_TOKEN or, as a file, in APP_PROMETHEUS_TOKEN_FILE, not as a flag',
    ],
    ['a secret in the file', { file: { prometheusToken: 'abc' } }, 'prometheusToken is a secret'],
    [
      'a secret given twice',
      { env: { APP_PROMETHEUS_TOKEN: 'a', APP_PROMETHEUS_TOKEN_FILE: '/b' } },
      'APP_PROMETHEUS_TOKEN and APP_PROMETHEUS_TOKEN_FILE are both set',
    ],
    [
      'a secret file that is not there',
      { env: { APP_PROMETHEUS_TOKEN_FILE: '/does/not/exist' } },
      'APP_PROMETHEUS_TOKEN_FILE is "/does/not/exist"; it must be a file that can be read',
    ],
  ];
  for (const [what, sources, message] of wrong) {
    it(`B-OPR-4 refuse ${what}, naming it`, () => expect(() => read(sources)).to.throw(message));
  }

  it('never show the value of a secret', () => {
    const secret = { token: { parser: parsers.integer({ min: 0, max: 9 }), secret: true, description: '' } } as const;
    expect(() => readSettings(secret, { env: { TOKEN: 'hunter2' }, argv: [] })).to.throw('TOKEN is wrong');
  });

  it('read a secret from its file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    try {
      const path = join(folder, 'token');
      writeFileSync(path, 'abc\n');
      expect(read({ env: { APP_PROMETHEUS_TOKEN_FILE: path } }).prometheusToken).to.equal('abc');
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(read({ env: { APP_PROMETHEUS_TOKEN: 'abc' } }).prometheusToken).to.equal('abc');
  });

  it('have one spelling of their names', () =>
    expect(settingNames('metricsBindAddress', 'APP_')).to.deep.equal({
      flag: '--metrics-bind-address',
      env: 'APP_METRICS_BIND_ADDRESS',
    }));
});
