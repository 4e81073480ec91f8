import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { PodKind } from 'optipod/kube';
import { expect } from 'chai';
import { ConnectionError, type KubeClient, createClient, loadClusterConfig } from '../../../operator/runtime/index.js';
import { type Authority, createAuthority } from '../../kit/certificates.js';
import { until } from '../../unit/runtime/fake-apiserver.js';

const web = { namespace: 'default', name: 'web' };

describe('rotation', function () {
  this.timeout(20_000);
  let folder: string;
  let authorities: Authority[];
  let server: Server;
  let client: KubeClient | undefined;
  let connections: number;
  let held: ServerResponse[];
  let credentials: { readonly token: string | undefined; readonly subject: string | undefined }[];

  /** As the kubelet does it: whoever looks sees the old file or the new one. */
  function put(name: string, content: string) {
    writeFileSync(join(folder, `.${name}`), content);
    renameSync(join(folder, `.${name}`), join(folder, name));
  }
  const serverPair = async (authority: Authority) => {
    const { cert, key } = await authority.issue({ name: 'kube-apiserver', ips: ['127.0.0.1'] });
    return { cert, key, ca: authorities.map((each) => each.cert) };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rotation-'));
    authorities = [await createAuthority('first'), await createAuthority('second')];
    const [first] = authorities;
    if (!first) throw new Error('no authority');
    connections = 0;
    held = [];
    credentials = [];
    const options = { ...(await serverPair(first)), requestCert: true, rejectUnauthorized: false };
    server = createServer(options, (request, response) => {
      const subject =
        request.socket instanceof TLSSocket ? request.socket.getPeerX509Certificate()?.subject : undefined;
      credentials.push({ token: request.headers.authorization, subject });
      if (request.url?.includes('watch=true')) {
        response.writeHead(200).flushHeaders();
        held.push(response);
      } else {
        response.end(JSON.stringify({ metadata: {} }));
      }
    });
    server.on('secureConnection', () => (connections += 1));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    await client?.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  const port = () => String((server.address() as AddressInfo).port);

  it('trusts a new CA of the pod without a restart, and lets what is under way end on the old connection', async () => {
    const [first, second] = authorities;
    put('ca.crt', first?.cert ?? '');
    put('namespace', 'apps');
    put('token', 'one');
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port() };
    client = createClient(await loadClusterConfig({ env, serviceAccount: folder }), { retry: { attempts: 1 } });
    const watch = client.watch(PodKind, { resourceVersion: '1' })[Symbol.asyncIterator]();
    const event = watch.next();
    await until(() => held.length === 1);
    for (let call = 0; call < 20; call += 1) await client.get(PodKind, web);
    expect(connections).to.be.at.most(3);

    if (!second) throw new Error('no authority');
    server.setSecureContext(await serverPair(second));
    server.closeIdleConnections();
    const live = client;
    // The first may have been sent on a connection that was being closed.
    await eventually(async () => {
      const refused: unknown = await live.get(PodKind, web).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ConnectionError);
      return !(refused as ConnectionError).sent;
    });
    put('ca.crt', [first?.cert, second.cert].join('\n'));
    put('token', 'two');
    const works = () =>
      live.get(PodKind, web).then(
        () => credentials.at(-1)?.token === 'Bearer two',
        () => false,
      );
    await eventually(works);
    const before = connections;
    for (let call = 0; call < 20; call += 1) await client.get(PodKind, web);
    expect(connections).to.equal(before);

    held[0]?.end('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n');
    expect((await event).value).to.have.property('type', 'BOOKMARK');
  });

  it('uses the client certificate and the token that the files of a kubeconfig have now', async () => {
    const [authority] = authorities;
    if (!authority) throw new Error('no authority');
    const issue = async (name: string) => {
      const { cert, key } = await authority.issue({ name });
      put('client.crt', cert);
      put('client.key', key);
    };
    put('ca.crt', authority.cert);
    put('token', 'one\n');
    await issue('old');
    const file = {
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port()}`, 'certificate-authority': 'ca.crt' } }],
      users: [
        { name: 'u', user: { 'client-certificate': 'client.crt', 'client-key': 'client.key', tokenFile: 'token' } },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    put('kubeconfig', JSON.stringify(file));
    client = createClient(await loadClusterConfig({ kubeconfig: join(folder, 'kubeconfig') }));
    await client.get(PodKind, web);
    expect(credentials.at(-1)).to.deep.equal({ token: 'Bearer one', subject: 'CN=old' });
    await issue('new');
    put('token', 'two');
    await client.get(PodKind, web);
    expect(credentials.at(-1)?.token).to.equal('Bearer two');
    const live = client;
    await eventually(async () => {
      await live.get(PodKind, web);
      return credentials.at(-1)?.subject === 'CN=new';
    });
    expect(connections).to.be.at.most(3);
  });
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect.fail('not in 15 s');
}
