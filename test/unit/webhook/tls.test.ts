import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { TLSSocket, connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import {
  createAuthority,
  createManager,
  issueLeaf,
  silentLogger,
  type KeyPair,
  type Manager,
} from '../../../operator/runtime/index.js';
import { admissionServer, type AdmissionServer, type FetchApp } from '../../../webhook/server/index.js';
import { waitFor } from '../../kit/index.js';

const soon = { everyMs: 5 };

interface Answered {
  readonly status: number;
  readonly body: string;
  readonly connection: string | undefined;
  /** Of the certificate that was served. */
  readonly serial: string;
  /** The client's port: the same for the same connection. */
  readonly from: number | undefined;
}

const serialOf = ({ cert }: KeyPair) => new X509Certificate(cert).serialNumber;

describe('the admission server', () => {
  let authority: KeyPair;
  let one: KeyPair;
  let other: KeyPair;
  let server: AdmissionServer;
  let manager: Manager;
  let stop: AbortController;
  let run: Promise<void>;
  let agents: Agent[];
  /** Answers of /slow wait for it. */
  let go: () => void;
  let slow: Promise<void>;

  const app: FetchApp = {
    async fetch({ url }) {
      if (url.endsWith('/slow')) await slow;
      return new Response('served');
    },
  };

  before(async () => {
    authority = await createAuthority(new Date());
    one = await issueLeaf(authority, ['localhost'], new Date());
    other = await issueLeaf(authority, ['localhost'], new Date());
  });

  beforeEach(() => {
    agents = [];
    slow = new Promise((resolve) => (go = resolve));
  });

  afterEach(async () => {
    go();
    stop.abort();
    await run.catch(() => undefined);
    for (const agent of agents) agent.destroy();
  });

  function start(drainMs = 0, port = 0): void {
    server = admissionServer(app, { port, host: '127.0.0.1', drainMs });
    manager = createManager({ log: silentLogger });
    manager.addReadyCheck('tls', () => server.serving);
    manager.add(server, server.drain);
    stop = new AbortController();
    run = manager.run(stop.signal);
    run.catch(() => undefined);
  }

  function client(keepAlive: boolean): Agent {
    const agent = new Agent({ keepAlive, ca: authority.cert, maxSockets: 1 });
    agents.push(agent);
    return agent;
  }

  function ask(agent = client(false), path = '/'): Promise<Answered> {
    const options = { agent, host: 'localhost', port: server.port, path, family: 4 };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        const { socket } = response;
        const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
        const serial = certificate?.serialNumber ?? '';
        const { statusCode: status = 0, headers } = response;
        const from = socket.localPort;
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.once('error', reject);
        response.once('end', () => resolve({ status, body, connection: headers.connection, serial, from }));
      });
      asked.once('error', reject);
      asked.end();
    });
  }

  it('B-OPR-2 is not ready, and does not listen, before it has a certificate', async () => {
    start();
    expect(await manager.unready()).to.deep.equal(['tls']);
    expect(server.port).to.equal(undefined);
    await server.use(one);
    expect(await manager.unready()).to.deep.equal([]);
    expect(await ask()).to.include({ status: 200, body: 'served', serial: serialOf(one) });
  });

  it('B-WEB-6 a client that trusts the authority only, and another name, are what TLS makes of them', async () => {
    start();
    await server.use(await issueLeaf(authority, ['elsewhere'], new Date()));
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('B-WEB-6 a new certificate is served without a failed handshake; open connections go on', async () => {
    start();
    await server.use(one);
    const kept = client(true);
    const first = await ask(kept);
    const asked: Promise<Answered>[] = [];
    for (let round = 0; round < 60; round += 1) {
      asked.push(ask());
      await server.use(round % 2 === 0 ? one : other);
      await pause(1);
    }
    const served = await Promise.all(asked);
    expect(served.every(({ status }) => status === 200)).to.equal(true);
    expect(new Set(served.map(({ serial }) => serial))).to.deep.equal(new Set([serialOf(one), serialOf(other)]));
    expect((await ask()).serial).to.equal(serialOf(other));
    expect(await ask(kept)).to.include({ status: 200, from: first.from });
  });

  it('B-WEB-6 a pair that does not match is refused, and the one before stays', async () => {
    start();
    await server.use(one);
    for (const bad of [
      { cert: other.cert, key: one.key },
      { cert: 'no PEM', key: one.key },
      { ...one, key: '' },
    ]) {
      expect(await server.use(bad).catch((error: unknown) => error)).to.be.instanceOf(Error);
      expect((await ask()).serial).to.equal(serialOf(one));
    }
    await server.use(other);
    expect((await ask()).serial).to.equal(serialOf(other));
  });

  it('B-WEB-6 a bad pair at the start is waited out', async () => {
    start();
    const bad = server.use({ cert: other.cert, key: one.key });
    expect(await bad.catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(server.serving).to.equal(false);
    await server.use(one);
    expect((await ask()).status).to.equal(200);
  });

  it('keeps connections alive, as kube-apiserver does', async () => {
    start();
    await server.use(one);
    const kept = client(true);
    const first = await ask(kept);
    expect(first.connection).to.equal('keep-alive');
    expect((await ask(kept)).from).to.equal(first.from);
  });

  it('B-OPR-6 finishes what is in flight when it stops, and keeps no connection', async () => {
    start();
    await server.use(one);
    const kept = client(true);
    await ask(kept);
    const last = ask(kept, '/slow');
    await pause(20);
    stop.abort();
    await waitFor('the end of listening', async () => ((await refuses()) ? true : undefined), soon);
    go();
    expect(await last).to.include({ status: 200, body: 'served', connection: 'close' });
    await run;
  });

  it('B-OPR-6 does not wait for connections that were opened in advance and never used', async () => {
    start();
    await server.use(one);
    const { port = 0 } = server;
    const plain = connect({ port, host: '127.0.0.1' });
    const secure = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert });
    await Promise.all([once(plain, 'connect'), once(secure, 'secureConnect')]);
    // What of the handshake the server has not read when it ends the connection makes it a reset.
    const ended = [plain, secure].map(
      (socket) => new Promise((resolve) => socket.on('error', resolve).once('close', resolve)),
    );
    for (const socket of [plain, secure]) socket.resume();
    stop.abort();
    await Promise.all([run, ...ended]);
  });

  it('goes on serving for a while after the stop, and sends clients elsewhere', async () => {
    // Long enough for two requests on a machine with other things to do.
    start(500);
    // Or the manager would leave it behind when it has served for as long as any stop may take.
    expect(server.drain).to.include({ lingerMs: 500 });
    await server.use(one);
    const kept = client(true);
    const first = await ask(kept);
    stop.abort();
    expect(await manager.unready()).to.include('shutdown');
    expect(await ask(kept)).to.include({ status: 200, from: first.from, connection: 'close' });
    expect((await ask(kept)).from).not.to.equal(first.from);
    await run;
    expect(await refuses()).to.equal(true);
  });

  it('ends the process when its port is taken, rather than never being ready', async () => {
    start();
    await server.use(one);
    const [first, firstStop] = [run, stop];
    start(0, server.port);
    const taken = await server.use(one).catch((error: unknown) => error);
    expect(taken).to.have.property('code', 'EADDRINUSE');
    expect(await run.catch((error: unknown) => error)).to.have.property('code', 'EADDRINUSE');
    firstStop.abort();
    await first;
  });

  it('leaves nothing open when it is stopped while it begins to listen', async () => {
    start();
    const beginning = server.use(one);
    stop.abort();
    await run;
    await beginning.catch(() => undefined);
    expect(await refuses()).to.equal(true);
  });

  async function refuses(): Promise<boolean> {
    const outcome = await ask().catch((error: unknown) => error);
    return outcome instanceof Error && 'code' in outcome && outcome.code === 'ECONNREFUSED';
  }
});
