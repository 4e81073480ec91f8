import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type SettingsContent, checkSettings, parsers, settingNames, settingsReference } from 'optipod/kube';
import { type SettingSources, readSettings } from '../../../operator/runtime/index.js';

const table = {
  logLevel: { parser: parsers.choice('debug', 'info', 'warn'), default: 'info', description: 'How much is logged.' },
  resync: { parser: parsers.duration, default: '5m', description: 'How often.' },
  pause: { parser: parsers.durationAtLeast('100ms'), default: '1m', description: 'Between two tries.' },
  workers: { parser: parsers.integer({ min: 1, max: 64 }), default: '4', description: 'How many.' },
  dryRun: { parser: parsers.boolean, default: 'false', description: 'Only look.' },
  prometheusUrl: { parser: parsers.url({ credentials: 'user and password' }), description: 'Where Prometheus is.' },
  prometheusToken: { parser: parsers.string, secret: true, description: 'Its bearer token.' },
} as const;

const read = (sources: Partial<SettingSources> = {}) =>
  readSettings(table, { env: {}, argv: [], prefix: 'APP_', ...sources });

describe('settings', () => {
  const folder = join(tmpdir(), `settings-${process.pid}`);
  const path = join(folder, 'app.yaml');
  before(() => mkdirSync(folder));
  after(() => rmSync(folder, { recursive: true }));

  /** The variable that names a file with this content. */
  function file(content: unknown): { readonly APP_CONFIG: string } {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return { APP_CONFIG: path };
  }

  it('a share is a percentage or a fraction, and the same either way', () => {
    const { expected, ...share } = parsers.share();
    const parse = (text: string) => share.parse(text);
    expect(['15%', '0.15', '0', '100%', '1', '12.5%'].map(parse)).to.deep.equal([0.15, 0.15, 0, 1, 1, 0.125]);
    for (const text of ['', '%', '101%', '1.1', '-1%', '15 %', '.5', '1e-1', 'NaN'])
      expect(parse(text), text).to.equal(undefined);
    expect(expected).to.equal('a share from 0 to 1, such as 15% or 0.15');
    expect(parsers.share({ max: 2 }).parse('150%')).to.equal(1.5);
  });

  it('have the types and values of their table', () => {
    const settings = read();
    const resync: number = settings.resync;
    const level: 'debug' | 'info' | 'warn' = settings.logLevel;
    const url: string | undefined = settings.prometheusUrl;
    expect([resync, level, url]).to.deep.equal([300_000, 'info', undefined]);
    expect(settings).to.deep.equal({
      logLevel: 'info',
      resync: 300_000,
      pause: 60_000,
      workers: 4,
      dryRun: false,
      prometheusUrl: undefined,
      prometheusToken: undefined,
    });
  });

  it('B-OPR-4 defaults < file < environment < flags', () => {
    const level = fc.option(fc.constantFrom('debug', 'info', 'warn'), { nil: undefined });
    fc.assert(
      fc.property(level, level, level, (inFile, env, flag) => {
        const settings = read({
          env: { ...file({ logLevel: inFile }), APP_LOG_LEVEL: env },
          argv: flag === undefined ? [] : ['--log-level', flag],
        });
        expect(settings.logLevel).to.equal(flag ?? env ?? inFile ?? 'info');
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
    expect(read({ argv: ['--prometheus-url=http://p:9090/a=b'] }).prometheusUrl).to.equal('http://p:9090/a=b');
  });

  it('read scalars from the file, and take an empty variable for an absent one', () => {
    const env = { ...file({ workers: 2, dryRun: true, resync: '7d' }), APP_WORKERS: '' };
    expect(read({ env })).to.include({ workers: 2, dryRun: true, resync: 604_800_000 });
  });

  it('B-OPR-4 read a file of YAML, which --config names before the environment does', () => {
    const other = join(folder, 'other.yaml');
    writeFileSync(
      other,
      '# As a person writes it.\nlogLevel: warn\nresync: 1h30m\ndryRun: true\nprometheusUrl: http://p:9090\n',
    );
    for (const argv of [['--config', other], [`--config=${other}`]]) {
      const settings = read({ argv, env: file({ logLevel: 'debug' }) });
      expect(settings).to.include({
        logLevel: 'warn',
        resync: 5_400_000,
        dryRun: true,
        prometheusUrl: 'http://p:9090',
      });
    }
    for (const nothing of ['', '# Nothing yet.\n', '{}']) expect(read({ env: file(nothing) })).to.deep.equal(read());
  });

  const wrong: [string, Partial<SettingSources> & { readonly file?: unknown }, string][] = [
    ['a bad flag', { argv: ['--workers', 'many'] }, '--workers is "many"; it must be a whole number from 1 to 64'],
    ['a value out of range', { argv: ['--workers=65'] }, '--workers is "65"; it must be a whole number from 1 to 64'],
    [
      'a flag without its value',
      { argv: ['--resync'] },
      '--resync has no value; it must be a duration such as 90s, 12h or 7d',
    ],
    ['a bad variable', { env: { APP_RESYNC: '5 minutes' } }, 'APP_RESYNC is "5 minutes"; it must be a duration'],
    [
      'a pause that is none',
      { argv: ['--pause=0s'] },
      '--pause is "0s"; it must be a duration of at least 100ms, such as 90s, 12h or 7d',
    ],
    [
      'one that is as good as none',
      { file: { pause: '99ms' } },
      `pause in ${path} is "99ms"; it must be a duration of`,
    ],
    [
      'a bad file entry',
      { file: { logLevel: 'loud' } },
      `logLevel in ${path} is "loud"; it must be debug, info or warn`,
    ],
    ['a structured file entry', { file: { workers: [1] } }, `workers in ${path} is [1]; it must be a whole number`],
    [
      'a bad URL',
      { env: { APP_PROMETHEUS_URL: 'prometheus:9090' } },
      'it must be a URL that begins with http:// or https://',
    ],
    [
      'a URL with who asks in it',
      { argv: ['--prometheus-url=https://me:hunter2@p:9090'] },
      '--prometheus-url is "https://***@p:9090"; it must be a URL that begins with http:// or https://, without user name, ' +
        'password, query or fragment; user name and password go in user and password',
    ],
    [
      'one whose password makes it no URL, without showing it',
      { env: { APP_PROMETHEUS_URL: 'http://me:hunter/2@p:9090' } },
      'APP_PROMETHEUS_URL is "http://***@p:9090"; it must be',
    ],
    [
      'a URL with a query',
      { argv: ['--prometheus-url', 'http://p:9090/?tenant=a'] },
      '--prometheus-url is "http://p:9090/?tenant=a"; it must be',
    ],
    [
      'one with an empty query',
      { argv: ['--prometheus-url', 'http://p:9090?'] },
      '--prometheus-url is "http://p:9090?"; it must be',
    ],
    [
      'a URL with a fragment',
      { file: { prometheusUrl: 'http://p:9090/prom#x' } },
      `prometheusUrl in ${path} is "http://p:9090/prom#x"; it must be`,
    ],
    ['an unknown flag', { argv: ['--log-levle=debug'] }, '--log-levle is no flag; there are --config, --dry-run,'],
    ['a stray argument', { argv: ['run'] }, 'run is no flag'],
    [
      'an unknown file entry',
      { file: { loglevel: 'debug' } },
      `loglevel in ${path} is no setting; there are dryRun, logLevel, pause, prometheusUrl, resync, workers`,
    ],
    ['a name that every object has', { file: { constructor: 'x' } }, `constructor in ${path} is no setting`],
    [
      'a secret as a flag',
      { argv: ['--prometheus-token=abc'] },
      '--prometheus-token is a secret: give it in APP_PROMETHEUS_TOKEN or, as a file, in APP_PROMETHEUS_TOKEN_FILE, not as a flag',
    ],
    [
      'a secret in the file',
      { file: { prometheusToken: 'abc' } },
      `prometheusToken in ${path} is a secret: give it in APP_PROMETHEUS_TOKEN`,
    ],
    [
      'a wrong file entry that a flag overrules',
      { file: { workers: 0 }, argv: ['--workers=1'] },
      `workers in ${path} is 0; it must be a whole number from 1 to 64`,
    ],
    ['a null in the file', { file: 'workers:' }, `workers in ${path} is null; it must be a whole number`],
    ['a file that is no mapping', { file: '- debug' }, `${path} (APP_CONFIG) holds a list; it must hold settings`],
    // It may be a token's.
    ['a file that is another one', { file: 'eyJhbGciOi' }, `${path} (APP_CONFIG) holds text; it must hold settings`],
    ['a file that is no YAML', { file: 'workers: [1' }, `${path} (APP_CONFIG) is no YAML: Flow sequence`],
    ['a name twice in the file', { file: 'workers: 1\nworkers: 2' }, 'is no YAML: Map keys must be unique'],
    [
      'a file that is not there',
      { argv: ['--config', '/does/not/exist'] },
      '--config is "/does/not/exist"; it must be a file that can be read',
    ],
    [
      'a file without its name',
      { argv: ['--config'] },
      '--config has no value; it must be the path of a settings file',
    ],
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
    it(`B-OPR-4 refuse ${what}, naming it`, () => {
      const { file: content, ...others } = sources;
      const env = content === undefined ? {} : file(content);
      expect(() => read({ env, ...others })).to.throw(message);
    });
  }

  it('B-OPR-4 take the least that a duration may be, and any URL with a path', () => {
    expect(read({ argv: ['--pause=100ms'] }).pause).to.equal(100);
    expect(read({ argv: ['--pause=0.5s'] }).pause).to.equal(500);
    expect(read({ argv: ['--prometheus-url=http://[::1]:9090/prom/'] }).prometheusUrl).to.equal(
      'http://[::1]:9090/prom',
    );
  });

  it('never show the value of a secret', () => {
    const secret = { token: { parser: parsers.integer({ min: 0, max: 9 }), secret: true, description: '' } } as const;
    expect(() => readSettings(secret, { env: { TOKEN: 'hunter2' }, argv: [] })).to.throw('TOKEN is wrong');
  });

  it('read a secret from its file', () => {
    const token = join(folder, 'token');
    writeFileSync(token, 'abc\n');
    expect(read({ env: { APP_PROMETHEUS_TOKEN_FILE: token } }).prometheusToken).to.equal('abc');
    expect(read({ env: { APP_PROMETHEUS_TOKEN: 'abc' } }).prometheusToken).to.equal('abc');
  });

  it('B-MET-4 tell where a secret is that may be replaced', () => {
    const token = join(folder, 'rotating');
    writeFileSync(token, 'abc\n');
    const rotating = { token: { parser: parsers.string, secret: 'rotating', description: '' } } as const;
    const readToken = (env: Readonly<Record<string, string>>) => readSettings(rotating, { env, argv: [] }).token;
    expect(readToken({ TOKEN_FILE: token })).to.deep.equal({ file: token });
    expect(readToken({ TOKEN: 'abc' })).to.deep.equal({ value: 'abc' });
    expect(readToken({})).to.equal(undefined);
    expect(() => readToken({ TOKEN_FILE: join(folder, 'missing') })).to.throw('TOKEN_FILE is');
  });

  it('have one spelling of their names', () =>
    expect(settingNames('metricsBindAddress', 'APP_')).to.deep.equal({
      flag: '--metrics-bind-address',
      env: 'APP_METRICS_BIND_ADDRESS',
    }));

  it('leave the name of the file to the file', () => {
    const greedy = { config: { parser: parsers.string, description: '' } };
    expect(() => readSettings(greedy, { env: {}, argv: [] })).to.throw('a setting cannot be called config');
  });

  it('B-OPR-4 are checked where the file is made as where it is read, and typed as they are written there', () => {
    const content: SettingsContent<typeof table> = { logLevel: 'debug', resync: '5m', workers: 3, dryRun: true };
    checkSettings(table, content, 'settings');
    expect(read({ env: file(content) })).to.include({ logLevel: 'debug', resync: 300_000, workers: 3, dryRun: true });
    // @ts-expect-error -- a duration has its unit
    const unitless: SettingsContent<typeof table> = { resync: 300 };
    expect(() => checkSettings(table, unitless, 'settings')).to.throw(
      'resync in settings is 300; it must be a duration',
    );
    // @ts-expect-error -- not one of the choices
    const loud: SettingsContent<typeof table> = { logLevel: 'loud' };
    expect(() => checkSettings(table, loud, 'settings')).to.throw('logLevel in settings is "loud"; it must be debug,');
    // @ts-expect-error -- secrets are in no file
    const told: SettingsContent<typeof table> = { prometheusToken: 'abc' };
    expect(() => checkSettings(table, told, 'settings', 'APP_')).to.throw(
      'is a secret: give it in APP_PROMETHEUS_TOKEN',
    );
  });

  it('B-OPR-4 are documented from their table', () => {
    const lines = settingsReference(table, 'APP_').split('\n');
    expect(lines).to.have.length(2 + Object.keys(table).length);
    expect(lines[3]).to.equal(
      '| `resync` | `APP_RESYNC` | `--resync` | `5m` | a duration such as 90s, 12h or 7d | How often. |',
    );
    expect(lines[8]).to.equal(
      '|  | `APP_PROMETHEUS_TOKEN`, or a file by `APP_PROMETHEUS_TOKEN_FILE` |  |  | text | Its bearer token. |',
    );
  });
});
