import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadClusterConfig } from '../../../operator/runtime/index.js';
import { waitFor } from '../../kit/index.js';

describe('configuration outside of a cluster', () => {
  let home: string;
  const usual = process.env.HOME;
  const refusal = (env: Record<string, string>) =>
    loadClusterConfig({ env }).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'home-'));
    process.env.HOME = home;
  });
  afterEach(() => {
    if (usual === undefined) delete process.env.HOME;
    else process.env.HOME = usual;
    rmSync(home, { recursive: true });
  });

  it('B-FRM-1 says where it looked for a cluster in vain, and what to do', async () => {
    const file = join(home, '.kube/config');
    expect(await refusal({})).to.equal(
      `no cluster: KUBECONFIG is not set, this is not a pod, and there is no ${file}; set KUBECONFIG to a kubeconfig's path`,
    );
  });

  it('B-FRM-1 names the kubeconfig that cannot be read, and why', async () => {
    const file = join(home, 'config');
    expect(await refusal({ KUBECONFIG: file })).to.match(/^the kubeconfig \S+config cannot be read: ENOENT/);
    writeFileSync(file, 'clusters: [');
    expect(await refusal({ KUBECONFIG: file })).to.match(/^the kubeconfig \S+config cannot be read: /);
    writeFileSync(file, 'clusters: 1');
    expect(await refusal({ KUBECONFIG: file })).to.contain(file);
  });
});

describe('configuration in a cluster', () => {
  let folder: string;
  const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const load = (env: Record<string, string> = inPod) => loadClusterConfig({ env, serviceAccount: folder });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'service-account-'));
    writeFileSync(join(folder, 'ca.crt'), 'the authority');
    writeFileSync(join(folder, 'namespace'), 'apps\n');
    writeFileSync(join(folder, 'token'), 'one\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the service account that the pod has', async () => {
    const config = await load();
    expect(config).to.deep.include({
      server: 'https://10.0.0.1:443',
      namespace: 'apps',
      tls: { ca: 'the authority', rejectUnauthorized: true },
    });
    expect(await config.authorization()).to.equal('Bearer one');
    expect((await load({ ...inPod, KUBERNETES_SERVICE_HOST: 'fd00::1' })).server).to.equal('https://[fd00::1]:443');
  });

  it('follows the token within a moment when it is replaced', async () => {
    const config = await load();
    const authorization = () => config.authorization();
    await authorization();
    const replaced = (token: string, changedAt: number) => {
      writeFileSync(join(folder, 'token'), token);
      utimesSync(join(folder, 'token'), changedAt, changedAt);
    };
    const within = { timeoutMs: 5000, everyMs: 20 };
    replaced('two', 1);
    await waitFor('the token', async () => ((await authorization()) === 'Bearer two' ? true : undefined), within);
    replaced('', 2);
    const refusal = () =>
      authorization().then(
        () => undefined,
        (reason: unknown) => String(reason),
      );
    expect(await waitFor('the empty token', refusal, within)).to.contain('is empty');
  });
});
