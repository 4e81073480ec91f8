import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { prometheusAccess } from '../../../cli/backtest/access.js';
import { prometheusArgv, prometheusOptions } from '../../../cli/backtest/prometheus-options.js';
import { recordedTraces } from '../../../cli/backtest/prometheus.js';
import { backtestCommand } from '../../../cli/backtest.js';
import { Refused } from '../../../cli/refused.js';
import { PROMETHEUS_ACCESS_SETTINGS } from '../../../lib/optipod/index.js';
import { METRIC_NAMES } from '../../support/metric-names.js';
import { answeringServer, type AnsweringServer, type Asked } from '../../support/answering-server.js';

describe('how a backtest reaches Prometheus', () => {
  let folder: string;
  let server: AnsweringServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backtest-access-'));
    server = await answeringServer();
    server.behave((_, response) => response.end('{"status":"success","data":{"resultType":"matrix","result":[]}}'));
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** What Prometheus sees of an invocation. */
  async function seen(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Asked> {
    const command = backtestCommand();
    command.parseOptions([...flags]);
    const access = prometheusAccess(server.url, command.opts(), env);
    const options = { namespaces: [], sinceMs: 3_600_000, now: 1_800_000_000_000 };
    const progress = () => ({ at: () => undefined, end: () => undefined });
    await recordedTraces({ ...access, ...options, progress }).catch(() => undefined);
    await access.endpoint.close();
    const last = server.asked.at(-1);
    if (!last) throw new Error('it was asked');
    return last;
  }

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  it('B-MET-4 every setting of access is an option under its own name, and no secret shows in the help', () => {
    const flags = prometheusOptions().map(({ long, hidden }) => ({ long, hidden }));
    for (const [flag, hidden] of [
      ['--prometheus-username', false],
      ['--prometheus-password', true],
      ['--prometheus-token', true],
      ['--prometheus-headers', false],
      ['--prometheus-ca-file', false],
      ['--prometheus-cert-file', false],
      ['--prometheus-key-file', false],
      ['--prometheus-insecure-skip-verify', false],
      ['--config', false],
    ] as const) {
      expect(flags).to.deep.include({ long: flag, hidden });
    }
    for (const key of Object.keys(PROMETHEUS_ACCESS_SETTINGS)) expect(prometheusArgv({ [key]: 'x' })).to.have.length(1);
  });

  it('B-MET-4 shows nothing where nothing is set, and asks for what is called as usual', async () => {
    expect((await seen([])).headers).not.to.have.property('authorization');
    expect(prometheusAccess(server.url, {}, {}).names).to.deep.equal(METRIC_NAMES);
  });

  it('B-MET-4 shows a user with a password from a file, a token from the environment, and headers', async () => {
    const basic = await seen(['--prometheus-username', 'reader'], {
      OPTIPOD_PROMETHEUS_PASSWORD_FILE: file('password', 'geheim\n'),
    });
    expect(basic.headers.authorization).to.equal(`Basic ${Buffer.from('reader:geheim').toString('base64')}`);
    const bearer = await seen(['--prometheus-headers=X-Scope-OrgID=team-a'], { OPTIPOD_PROMETHEUS_TOKEN: 'abc' });
    expect(bearer.headers).to.include({ authorization: 'Bearer abc', 'x-scope-orgid': 'team-a' });
  });

  it('B-OPR-4 takes flags over the environment over the settings file, which may be the operator’s own', async () => {
    const config = file('settings.yaml', 'logLevel: debug\nprometheusHeaders: a=file\nprometheusCpuMetric: file_cpu\n');
    const env = { OPTIPOD_CONFIG: config, OPTIPOD_PROMETHEUS_MEMORY_METRIC: 'env_memory' };
    expect((await seen([], env)).headers).to.include({ a: 'file' });
    expect((await seen([], { ...env, OPTIPOD_PROMETHEUS_HEADERS: 'a=env' })).headers).to.include({ a: 'env' });
    const flag = await seen(['--config', config, '--prometheus-headers', 'a=flag'], {
      OPTIPOD_PROMETHEUS_HEADERS: 'a=env',
    });
    expect(flag.headers).to.include({ a: 'flag' });
    const names = prometheusAccess(server.url, { prometheusPodLabel: 'flag_pod' }, env).names;
    expect(names).to.include({
      cpu: 'file_cpu',
      memory: 'env_memory',
      podLabel: 'flag_pod',
      containerLabel: 'container',
    });
  });

  for (const [problem, flags, env] of [
    ['--prometheus-token is a secret: give it in OPTIPOD_PROMETHEUS_TOKEN or', ['--prometheus-token', 'geheim'], {}],
    ['--prometheus-password is a secret', ['--prometheus-password=geheim'], {}],
    ['username and password belong together', ['--prometheus-username', 'reader'], {}],
    ['certFile and keyFile belong together', ['--prometheus-cert-file', 'x.crt'], {}],
    ['token stands alone', ['--prometheus-username', 'reader'], { OPTIPOD_PROMETHEUS_TOKEN: 'geheim' }],
    ['--prometheus-headers is "a b=c"; it must be headers such as', ['--prometheus-headers', 'a b=c'], {}],
    [
      'OPTIPOD_PROMETHEUS_TOKEN_FILE is "/nowhere"; it must be a file',
      [],
      { OPTIPOD_PROMETHEUS_TOKEN_FILE: '/nowhere' },
    ],
    ['--config is "/nowhere"; it must be a file', ['--config', '/nowhere'], {}],
  ] as const) {
    it(`B-MET-4 refuses, naming the setting and no secret: ${problem}`, async () => {
      const refusal: unknown = await seen(flags, env).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(Refused);
      expect(String(refusal)).to.include(problem).and.not.to.include('geheim');
    });
  }
});
