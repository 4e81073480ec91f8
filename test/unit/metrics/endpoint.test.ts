import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { createEndpoint, type EndpointOptions } from '../../../operator/metrics/endpoint/endpoint.js';
import { ProviderError } from '../../../operator/metrics/provider.js';
import { createAuthority, type Authority, type KeyPair } from '../../kit/certificates.js';
import { countCollections } from '../../support/collections.js';
import { answeringServer, type AnsweringServer, type Asked } from '../../support/answering-server.js';

const QUESTION = { path: '/ask', parameters: new URLSearchParams({ q: 'a b&c' }), method: 'POST' } as const;

describe('an endpoint', () => {
  let server: AnsweringServer;
  let folder: string;
  const stop: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'endpoint-'));
    server = await answeringServer();
    stop.push(() => server.close());
  });

  afterEach(async () => {
    for (const end of stop.splice(0)) await end();
    rmSync(folder, { recursive: true });
  });

  function endpoint(options: Partial<EndpointOptions> = {}) {
    const created = createEndpoint({ title: 'It', url: server.url, timeoutMs: 10_000, pausesMs: [1, 1], ...options });
    stop.unshift(() => created.close());
    return created;
  }

  const body = async (chunks: AsyncIterable<Buffer>) => (await buffer(chunks)).toString();
  const ask = (options: Partial<EndpointOptions> = {}, signal = new AbortController().signal) =>
    endpoint(options).ask(QUESTION, body, signal);

  /** What it throws. */
  async function failure(answer: Promise<unknown>): Promise<ProviderError> {
    const thrown = await answer.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).to.be.instanceOf(ProviderError);
    return thrown as ProviderError;
  }

  /** A file that is replaced in one step, as mounted ones are. */
  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }

  it('posts a form, and asks by GET where that is not taken, from then on', async () => {
    const { url } = server;
    server.behave(({ method }, response) => (method === 'POST' ? response.writeHead(405).end() : response.end('yes')));
    const asking = endpoint({ url: `${url}/prefix/` });
    const signal = new AbortController().signal;
    expect(await asking.ask(QUESTION, body, signal)).to.equal('yes');
    expect(await asking.ask(QUESTION, body, signal)).to.equal('yes');
    expect(server.asked.map(({ method }) => method)).to.deep.equal(['POST', 'GET', 'GET']);
    for (const { url: asked, parameters } of server.asked) {
      expect(asked.pathname).to.equal('/prefix/ask');
      expect(parameters.get('q')).to.equal('a b&c');
    }
  });

  it('has the buffers of long answers collected while they come', async () => {
    const collections = countCollections();
    stop.push(() => {
      collections.end();
      return Promise.resolve();
    });
    const part = Buffer.alloc(5_000_000, ' ');
    server.behave((_, response) => response.end(part));
    const asking = endpoint();
    const signal = new AbortController().signal;
    for (let times = 0; times < 3; times += 1) await asking.ask(QUESTION, body, signal);
    expect(collections.asked).to.equal(0);
    for (let times = 0; times < 2; times += 1) await asking.ask(QUESTION, body, signal);
    expect(collections.asked).to.equal(1);
  });

  describe('shows who asks', () => {
    const headersOf = async (options: Partial<EndpointOptions>): Promise<Asked['headers']> => {
      await ask(options);
      return server.asked.at(-1)?.headers ?? {};
    };

    it('B-MET-4 not at all, by password, by token, and with headers of one’s own', async () => {
      expect(await headersOf({})).not.to.have.property('authorization');
      const basic = await headersOf({ username: 'optipod', password: { value: 'geheim:ö' } });
      expect(basic.authorization).to.equal(`Basic ${Buffer.from('optipod:geheim:ö').toString('base64')}`);
      expect(await headersOf({ token: { value: 'abc' } })).to.include({ authorization: 'Bearer abc' });
      expect(await headersOf({ headers: { 'X-Scope-OrgID': 'a|b' } })).to.include({ 'x-scope-orgid': 'a|b' });
    });

    for (const [scheme, options, expected] of [
      ['token', (path: string) => ({ token: { file: path } }), (secret: string) => `Bearer ${secret}`],
      [
        'password',
        (path: string) => ({ username: 'me', password: { file: path } }),
        (secret: string) => `Basic ${Buffer.from(`me:${secret}`).toString('base64')}`,
      ],
    ] as const) {
      it(`B-MET-4 by a ${scheme} in a file that is replaced`, async () => {
        const path = file('secret', 'first\n');
        const asking = endpoint(options(path));
        const signal = new AbortController().signal;
        await asking.ask(QUESTION, body, signal);
        file('secret', 'second\n');
        await asking.ask(QUESTION, body, signal);
        const shown = server.asked.map(({ headers }) => headers.authorization);
        expect(shown).to.deep.equal([expected('first'), expected('second')]);
      });
    }

    it('B-MET-4 a secret that cannot be read, or is empty, is said, and nothing is asked', async () => {
      for (const path of [join(folder, 'missing'), file('empty', '\n')]) {
        const error = await failure(ask({ token: { file: path } }));
        expect(error.reason).to.equal('ProviderNotConfigured');
        expect(error.message).to.contain(path);
      }
      expect(server.asked).to.have.length(0);
    });

    it('B-OPR-4 options that contradict each other are refused', () => {
      for (const [options, problem] of [
        [{ username: 'me', password: { value: 'a' }, token: { value: 'b' } }, 'token stands alone'],
        [{ username: 'me' }, 'belong together'],
        [{ password: { value: 'a' } }, 'belong together'],
        [{ certFile: 'a' }, 'belong together'],
      ] as const) {
        expect(() => endpoint(options)).to.throw(problem);
      }
    });
  });

  describe('over TLS', () => {
    let authority: Authority;
    let other: Authority;
    let pair: KeyPair;

    before(async () => {
      [authority, other] = await Promise.all([createAuthority('here'), createAuthority('elsewhere')]);
      pair = await authority.issue({ name: 'prometheus', dns: ['localhost'] });
    });

    /** Answers with the name in the client's certificate. */
    async function secure(clients?: Authority): Promise<string> {
      const https = await answeringServer({
        ...pair,
        ...(clients ? { ca: clients.cert, requestCert: true, rejectUnauthorized: true } : {}),
      });
      stop.push(() => https.close());
      https.behave((_, response) => {
        const name = response.socket instanceof TLSSocket ? response.socket.getPeerCertificate().subject : undefined;
        response.end((name as { CN?: string } | undefined)?.CN ?? 'nobody');
      });
      return https.url;
    }

    it('B-MET-4 trusts the CA file, which may be replaced, and nobody else', async () => {
      const url = await secure();
      const caFile = file('ca', other.cert);
      const asking = endpoint({ url, caFile });
      const signal = new AbortController().signal;
      expect((await failure(asking.ask(QUESTION, body, signal))).message).to.match(/certificate/);
      file('ca', authority.cert);
      expect(await asking.ask(QUESTION, body, signal)).to.equal('nobody');
      const untrusted = await failure(ask({ url }));
      expect(untrusted.reason).to.equal('ProviderUnreachable');
      expect(untrusted.message).to.contain(url);
    });

    it('B-MET-4 takes any certificate where it is told to', async () => {
      expect(await ask({ url: await secure(), insecureSkipVerify: true })).to.equal('nobody');
    });

    it('B-MET-4 shows its client certificate, the one that is in the files now', async () => {
      const url = await secure(authority);
      const write = async (name: string) => {
        const { cert, key } = await authority.issue({ name });
        return { certFile: file('cert', cert), keyFile: file('key', key) };
      };
      const asking = endpoint({ url, caFile: file('ca', authority.cert), ...(await write('first')) });
      const signal = new AbortController().signal;
      expect(await asking.ask(QUESTION, body, signal)).to.equal('first');
      await write('second');
      expect(await asking.ask(QUESTION, body, signal)).to.equal('second');
      const { reason } = await failure(ask({ url, caFile: join(folder, 'ca') }));
      expect(reason).to.equal('ProviderUnreachable');
    });
  });

  describe('names what there is to set', () => {
    const settingName = (option: string) => `SET_${option}`;
    const basic = { username: 'optipod', password: { value: 'geheim' } };
    const token = { token: { value: 'geheim' } };

    for (const [statusCode, access, advice] of [
      [401, {}, 'SET_username with SET_password or SET_token, and where it has tenants in SET_headers'],
      [403, { headers: { 'x-scope-orgid': 'a' } }, 'which goes in SET_username with SET_password or SET_token'],
      [401, basic, 'it does not take SET_username with SET_password'],
      [401, token, 'it does not take SET_token'],
      [403, token, 'it knows who asks by SET_token, who may not do so'],
    ] as const) {
      it(`B-MET-4 where it answers ${statusCode} and was shown ${Object.keys(access).join(' and ') || 'nothing'}`, async () => {
        server.behave((_, response) => response.writeHead(statusCode).end('no\n'));
        const { message } = await failure(ask({ ...access, settingName }));
        expect(message)
          .to.match(/^It at \S+ answered 40\d: no; /)
          .and.to.satisfy((text: string) => text.endsWith(advice));
        expect(message).not.to.include('geheim');
      });
    }

    it('B-MET-4 nothing where it refuses something else', async () => {
      server.behave((_, response) => response.writeHead(422).end('no'));
      expect((await failure(ask({ settingName }))).message).to.match(/answered 422: no$/);
    });

    it('B-MET-4 where a file is not there, or no certificate is in it', async () => {
      const caFile = join(folder, 'none');
      expect((await failure(ask({ caFile, settingName }))).message).to.match(/no such file.*; see SET_caFile$/);
      const [certFile, keyFile] = [file('cert', 'x'), file('key', 'x')];
      const secure = { url: server.url.replace('http:', 'https:'), certFile, keyFile, settingName };
      expect((await failure(ask(secure))).message).to.match(/; see SET_certFile and SET_keyFile$/);
    });
  });

  describe('B-MET-3 with a server that is not well', () => {
    it('asks three times where it may pass', async () => {
      let refusals = 0;
      server.behave((_, response) => {
        refusals += 1;
        if (refusals <= 2) response.writeHead(503).end('restarting');
        else response.end('here');
      });
      expect(await ask()).to.equal('here');
    });

    it('tells what the server said in the end', async () => {
      server.behave((_, response) => response.writeHead(503).end('<p>upstream\n is away'));
      const error = await failure(ask());
      expect(error.reason).to.equal('ProviderRefused');
      expect(error.message).to.equal(`It at ${server.url}/ask answered 503: <p>upstream is away`);
      expect(server.asked).to.have.length(3);
    });

    it('asks once what is refused for good, and tells the message in its JSON', async () => {
      server.behave((_, response) => response.writeHead(400).end(JSON.stringify({ error: 'bad query' })));
      expect((await failure(ask())).message).to.contain('answered 400: bad query');
      expect(server.asked).to.have.length(1);
    });

    it('gives up one that is silent, before and within its answer', async () => {
      for (const silent of [
        () => undefined,
        (_: Asked, response: { write(text: string): unknown }) => response.write('beg'),
      ]) {
        server.behave(silent);
        const error = await failure(ask({ timeoutMs: 100 }));
        expect(error.reason).to.equal('ProviderUnreachable');
        expect(error.message).to.contain('no answer in time');
      }
      expect(server.asked).to.have.length(2);
    });

    it('begins again where an answer breaks off, and tells so', async () => {
      server.behave((_, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy());
      });
      const error = await failure(ask());
      expect(error.reason).to.equal('ProviderAnswerInvalid');
      expect(server.asked).to.have.length(3);
    });

    it('tells where nobody listens', async () => {
      const { url } = server;
      await server.close();
      stop.splice(0);
      const error = await failure(ask({ url }));
      expect(error.reason).to.equal('ProviderUnreachable');
      expect(error.message).to.contain(url).and.to.contain('ECONNREFUSED');
    });

    it('stops asking after some outages in a row, and says since when', async () => {
      server.behave((_, response) => response.writeHead(503).end());
      const asking = endpoint({ now: () => 0 });
      const signal = new AbortController().signal;
      for (let outage = 0; outage < 3; outage += 1) await failure(asking.ask(QUESTION, body, signal));
      const before = server.asked.length;
      const error = await failure(asking.ask(QUESTION, body, signal));
      expect(error.reason).to.equal('ProviderUnreachable');
      expect(error.message).to.contain('since 1970-01-01T00:00:00.000Z').and.to.contain('answered 503');
      expect(server.asked).to.have.length(before);
    });

    it('has two questions under way at most', async () => {
      server.behave((_, response) => setTimeout(() => response.end('yes'), 5));
      const asking = endpoint();
      const signal = new AbortController().signal;
      await Promise.all(Array.from({ length: 8 }, () => asking.ask(QUESTION, body, signal)));
      expect(server.most).to.equal(2);
      expect(server.asked).to.have.length(8);
    });

    it('ends at its caller’s signal, with the reason', async () => {
      const reason = new Error('enough');
      for (const answer of [() => undefined, (_: Asked, response: { destroy(): unknown }) => response.destroy()]) {
        server.behave(answer);
        const controller = new AbortController();
        const asked = ask({ timeoutMs: 60_000, pausesMs: [60_000] }, controller.signal).catch(
          (error: unknown) => error,
        );
        setTimeout(() => controller.abort(reason), 20);
        expect(await asked).to.equal(reason);
      }
    });
  });
});
