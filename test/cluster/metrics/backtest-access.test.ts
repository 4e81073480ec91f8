import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createAuthority, type Authority } from '../../kit/certificates.js';
import { optipod, saidBy, type Outcome } from '../../support/command.js';
import { startPrometheusWith, type Prometheus } from '../../support/prometheus.js';
import { dayUntil } from './day.js';

const PASSWORD = 'geheim';
/** Of the password, by bcrypt. */
const HASH = '$2b$05$optipodtestsaltoptipoOBpsILrFbmDqIyTvAuSgWTKC5qLuqp9m';

describe('optipod backtest --prometheus, of a real Prometheus that does not answer everybody', function () {
  this.timeout(120_000);
  const to = Math.floor(Date.now() / 60_000) * 60 - 600;
  const folder = mkdtempSync(join(tmpdir(), 'backtest-access-'));
  let authority: Authority;
  let byPassword: Prometheus;
  let byCertificate: Prometheus;
  let open: Prometheus;
  let gateway: Server;
  const paths: Record<string, string> = {};

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return (paths[name] = path);
  }

  before(async () => {
    authority = await createAuthority('access-ca');
    const [server, client, stranger] = await Promise.all([
      authority.issue({ name: 'prometheus', ips: ['127.0.0.1'] }),
      authority.issue({ name: 'reader' }),
      createAuthority('another').then((another) => another.issue({ name: 'stranger' })),
    ]);
    file('ca.crt', authority.cert);
    file('password', `${PASSWORD}\n`);
    const tls = { cert_file: file('server.crt', server.cert), key_file: file('server.key', server.key) };
    file('reader.crt', client.cert);
    file('reader.key', client.key);
    file('stranger.crt', stranger.cert);
    file('stranger.key', stranger.key);
    const { text: day } = dayUntil(to);
    [open, byPassword, byCertificate] = await Promise.all([
      startPrometheusWith([day]),
      startPrometheusWith([day], {
        webConfig: { tls_server_config: tls, basic_auth_users: { reader: HASH } },
        probe: { ca: authority.cert, userinfo: `reader:${PASSWORD}` },
      }),
      startPrometheusWith([day], {
        webConfig: {
          tls_server_config: {
            ...tls,
            client_auth_type: 'RequireAndVerifyClientCert',
            client_ca_file: paths['ca.crt'],
          },
        },
        probe: { ca: authority.cert, ...client },
      }),
    ]);
    gateway = await startGateway(open.url);
  });

  after(async () => {
    gateway.close();
    await Promise.all([open, byPassword, byCertificate].map((each) => each.stop()));
    rmSync(folder, { recursive: true });
  });

  const backtest = (url: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    optipod(['backtest', '--prometheus', url, '--since', '12h', '--warmup', '6h', '-o', 'csv', ...flags], { env });
  const gatewayUrl = () => `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;

  function replayed(outcome: Outcome): void {
    expect({ code: outcome.code, said: saidBy(outcome) }).to.deep.equal({ code: 0, said: '' });
    expect(outcome.stdout).to.match(/^shop\/StatefulSet\/db\/app,optipod\/default,/m);
  }

  function refused(outcome: Outcome, ...words: readonly string[]): void {
    const said = saidBy(outcome);
    expect({ code: outcome.code, stdout: outcome.stdout }).to.deep.equal({ code: 2, stdout: '' });
    for (const word of words) expect(said, said).to.include(word);
    expect(said.trim().split('\n'), said).to.have.length(1);
    expect(said).not.to.include(PASSWORD);
  }

  it('B-MET-4 needs nothing where anybody may ask', async () => {
    replayed(await backtest(open.url, []));
  });

  it('B-MET-4 basic authentication over TLS, by a CA file, the password in a file or in the environment', async () => {
    const flags = ['--prometheus-username', 'reader', '--prometheus-ca-file', paths['ca.crt'] ?? ''];
    replayed(await backtest(byPassword.url, flags, { OPTIPOD_PROMETHEUS_PASSWORD_FILE: paths.password ?? '' }));
    replayed(await backtest(byPassword.url, flags, { OPTIPOD_PROMETHEUS_PASSWORD: PASSWORD }));
  });

  it('B-MET-4 names the setting where nobody is named, and where the password is another', async () => {
    const trusting = ['--prometheus-ca-file', paths['ca.crt'] ?? ''];
    refused(await backtest(byPassword.url, trusting), '401', 'OPTIPOD_PROMETHEUS_USERNAME', 'OPTIPOD_PROMETHEUS_TOKEN');
    const wrong = await backtest(byPassword.url, [...trusting, '--prometheus-username', 'reader'], {
      OPTIPOD_PROMETHEUS_PASSWORD: 'another',
    });
    refused(wrong, '401', 'does not take OPTIPOD_PROMETHEUS_USERNAME with OPTIPOD_PROMETHEUS_PASSWORD');
  });

  it('B-MET-4 trusts no certificate of an authority that was not named, unless told to', async () => {
    const env = { OPTIPOD_PROMETHEUS_USERNAME: 'reader', OPTIPOD_PROMETHEUS_PASSWORD: PASSWORD };
    refused(await backtest(byPassword.url, [], env), 'certificate', 'OPTIPOD_PROMETHEUS_CA_FILE');
    replayed(await backtest(byPassword.url, ['--prometheus-insecure-skip-verify'], env));
  });

  it('B-MET-4 a client certificate, and a settings file for everything that is no secret', async () => {
    const config = file(
      'settings.json',
      JSON.stringify({
        logLevel: 'debug',
        prometheusCaFile: paths['ca.crt'],
        prometheusCertFile: paths['reader.crt'],
        prometheusKeyFile: paths['reader.key'],
      }),
    );
    replayed(await backtest(byCertificate.url, ['--config', config]));
    replayed(await backtest(byCertificate.url, [], { OPTIPOD_CONFIG: config }));
  });

  it('B-MET-4 names the setting where the client certificate is not there, or of a stranger', async () => {
    const trusting = ['--prometheus-ca-file', paths['ca.crt'] ?? ''];
    refused(await backtest(byCertificate.url, trusting), 'want a client certificate, in OPTIPOD_PROMETHEUS_CERT_FILE');
    const stranger = await backtest(byCertificate.url, [
      ...trusting,
      ...['--prometheus-cert-file', paths['stranger.crt'] ?? '', '--prometheus-key-file', paths['stranger.key'] ?? ''],
    ]);
    refused(stranger, 'not take the client certificate in OPTIPOD_PROMETHEUS_CERT_FILE');
  });

  it('B-MET-4 a bearer token and a tenant, behind a gateway that wants both', async () => {
    const tenant = ['--prometheus-headers', 'X-Scope-OrgID=team-a'];
    replayed(await backtest(gatewayUrl(), tenant, { OPTIPOD_PROMETHEUS_TOKEN: 'token-of-team-a' }));
    refused(await backtest(gatewayUrl(), tenant), '401', 'OPTIPOD_PROMETHEUS_TOKEN');
    const other = ['--prometheus-headers', 'X-Scope-OrgID=team-b'];
    refused(
      await backtest(gatewayUrl(), other, { OPTIPOD_PROMETHEUS_TOKEN: 'token-of-team-a' }),
      '403',
      'OPTIPOD_PROMETHEUS_TOKEN',
    );
  });
});

/** What stands in front of Mimir and its like: a token says who asks, a header whose series are asked for. */
async function startGateway(target: string): Promise<Server> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const { authorization, 'x-scope-orgid': tenant, 'content-type': type = '' } = request.headers;
      if (authorization !== 'Bearer token-of-team-a') return response.writeHead(401).end('who is there?');
      if (tenant !== 'team-a') return response.writeHead(403).end('not your tenant');
      const headers = { 'content-type': type };
      const answer = await fetch(new URL(request.url ?? '/', target), { method: 'POST', body, headers });
      return response.writeHead(answer.status).end(await answer.text());
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}
