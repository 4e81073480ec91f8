import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { metricsProviders } from '../../../operator/metrics/providers.js';
import { operatorSettings } from '../../../operator/settings.js';
import { answeringServer, type AnsweringServer } from '../../support/answering-server.js';
import { recordingSink } from '../../support/recording-sink.js';

const client = { list: () => Promise.reject(new Error('not asked')) };
const providers = (env: Readonly<Record<string, string>>, argv: readonly string[] = []) =>
  metricsProviders(operatorSettings({ env, argv }), client);

describe('the providers', () => {
  let folder: string;
  let server: AnsweringServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'providers-'));
    server = await answeringServer();
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('B-MET-1 B-MET-7 are those that are configured, several at once, none in place of another', () => {
    expect(Object.keys(providers({}))).to.deep.equal(['metrics-server']);
    const all = providers({ OPTIPOD_PROMETHEUS_URL: 'http://p:9090', OPTIPOD_CUSTOM_URL: 'http://c/usage' });
    expect(Object.keys(all)).to.have.members(['prometheus', 'metrics-server', 'custom']);
    for (const [name, provider] of Object.entries(all)) expect(provider.name).to.equal(name);
  });

  it('B-MET-4 show what their settings say, and read files again', async () => {
    const token = join(folder, 'token');
    writeFileSync(token, 'first\n');
    server.behave((_, response) => response.end('{"samples":[]}'));
    const { custom } = providers({
      OPTIPOD_CUSTOM_URL: server.url,
      OPTIPOD_CUSTOM_TOKEN_FILE: token,
      OPTIPOD_CUSTOM_HEADERS: 'X-Scope-OrgID=a%2Cb, X-Other = c',
    });
    const read = () => custom?.read({ from: 0, to: 60 }, recordingSink(), new AbortController().signal);
    await read();
    writeFileSync(token, 'second one\n');
    await read();
    const [first, second] = server.asked.map(({ headers }) => headers);
    expect(first).to.include({ authorization: 'Bearer first', 'x-scope-orgid': 'a,b', 'x-other': 'c' });
    expect(second).to.include({ authorization: 'Bearer second one' });
  });

  it('B-MET-4 take no secret from a flag', () => {
    for (const flag of ['--prometheus-token', '--prometheus-password', '--custom-token', '--custom-password']) {
      expect(() => providers({}, [flag, 'abc'])).to.throw(`${flag} is a secret`);
    }
  });

  for (const [problem, env] of [
    ['begin with prometheus, token stands alone', { OPTIPOD_PROMETHEUS_USERNAME: 'a', OPTIPOD_PROMETHEUS_TOKEN: 'b' }],
    ['begin with prometheus, certFile and keyFile', { OPTIPOD_PROMETHEUS_CERT_FILE: 'a' }],
    ['begin with custom, username and password', { OPTIPOD_CUSTOM_USERNAME: 'a' }],
    ['OPTIPOD_PROMETHEUS_HEADERS is "a b=c"', { OPTIPOD_PROMETHEUS_HEADERS: 'a b=c' }],
    ['OPTIPOD_PROMETHEUS_HEADERS is "a=%"', { OPTIPOD_PROMETHEUS_HEADERS: 'a=%' }],
    ['OPTIPOD_PROMETHEUS_HEADERS is "a=b%0Ac"', { OPTIPOD_PROMETHEUS_HEADERS: 'a=b%0Ac' }],
    ['OPTIPOD_PROMETHEUS_CPU_METRIC is "a-b"', { OPTIPOD_PROMETHEUS_CPU_METRIC: 'a-b' }],
    ['OPTIPOD_PROMETHEUS_POD_LABEL is "pod:name"', { OPTIPOD_PROMETHEUS_POD_LABEL: 'pod:name' }],
    ['OPTIPOD_PROMETHEUS_MATCHERS is', { OPTIPOD_PROMETHEUS_MATCHERS: 'cluster="eu"} or up{' }],
    ['OPTIPOD_PROMETHEUS_TOKEN_FILE is', { OPTIPOD_PROMETHEUS_TOKEN_FILE: '/nowhere/token' }],
  ] as const) {
    it(`B-OPR-4 refuse what is wrong, at once: ${problem}`, () => {
      const urls = { OPTIPOD_PROMETHEUS_URL: 'http://p:9090', OPTIPOD_CUSTOM_URL: 'http://c' };
      expect(() => providers({ ...urls, ...env })).to.throw(problem);
    });
  }

  it('take matchers as PromQL writes them', () => {
    for (const matchers of ['cluster="eu"', 'cluster=~"eu|us",job!="a\\"b"', 'a="b", c!~"d"']) {
      expect(
        operatorSettings({ env: { OPTIPOD_PROMETHEUS_MATCHERS: matchers }, argv: [] }).prometheusMatchers,
      ).to.equal(matchers);
    }
  });
});
