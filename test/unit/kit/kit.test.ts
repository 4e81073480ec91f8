import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Mocha from 'mocha';
import { parse } from 'yaml';
import { createAuthority } from '../../kit/certificates.js';
import { CannotRun } from '../../kit/errors.js';
import { canSkip } from '../../kit/extras.js';
import { kubeconfig } from '../../kit/identities.js';
import { imageArchive } from '../../kit/images.js';
import { freePort } from '../../kit/ports.js';
import { startTimeIn } from '../../kit/process.js';
import { versionIn } from '../../kit/modules.js';
import { tar } from '../../kit/tar.js';
import { Hopeless, patience, waitFor } from '../../kit/wait.js';
import { bePatient } from '../../support/patience.js';

describe('kit', () => {
  it('has tests skipped only for those who bring a control plane, and never in CI', () => {
    const KUBEBUILDER_ASSETS = '/assets';
    expect(canSkip(new CannotRun('no Go'), { KUBEBUILDER_ASSETS })).to.equal(true);
    expect(canSkip(new CannotRun('no Go'), { KUBEBUILDER_ASSETS, CI: 'false' })).to.equal(true);
    expect(canSkip(new CannotRun('no Go'), { KUBEBUILDER_ASSETS, CI: 'true' })).to.equal(false);
    expect(canSkip(new CannotRun('no Go'), {})).to.equal(false);
    expect(canSkip(new Error('broken'), { KUBEBUILDER_ASSETS })).to.equal(false);
  });

  describe('waitFor', () => {
    it('gives what the probe gives in the end', async () => {
      let calls = 0;
      const probe = () => (++calls < 3 ? undefined : calls);
      expect(await waitFor('three', probe, { everyMs: 1 })).to.equal(3);
    });

    it('names what it waited for and the last error when it gives up', async () => {
      const probe = () => {
        throw new Error('connection refused');
      };
      const error = await rejection(waitFor('the API', probe, { timeoutMs: 20, everyMs: 5 }));
      expect(error.message).to.equal(`waited ${0.02 * patience} s for the API; last seen: connection refused`);
    });

    it('gives up on a probe that hangs', async () => {
      const probe = () => new Promise<number>(() => undefined);
      const error = await rejection(waitFor('the API', probe, { timeoutMs: 20 }));
      expect(error.message).to.contain('for the API; last seen: nothing yet (the last probe has not answered)');
    });

    it('does not wait for what cannot come', async () => {
      const probe = () => {
        throw new Hopeless('etcd exited with 1');
      };
      const error = await rejection(waitFor('the API', probe));
      expect(error.message).to.equal('while waiting for the API: etcd exited with 1');
    });
  });

  it('prolongs timeouts of tests, be they set before they run or while they do', () => {
    const runner = new EventEmitter();
    bePatient(runner as unknown as Mocha.Runner, 4);
    const test = new Mocha.Test('slow', () => undefined);
    test.timeout(1000);
    runner.emit('test', test);
    expect(test.timeout()).to.equal(4000);
    runner.emit('test', test);
    expect(test.timeout()).to.equal(4000);
    test.timeout(60_000);
    expect(test.timeout()).to.equal(240_000);
    test.timeout(0);
    expect(test.timeout(), 'none').to.equal(0);
  });

  it('reads when a process started, whatever its name', () => {
    const fields = (state: string) =>
      `12 (a (b) c) ${state} ${Array.from({ length: 18 }, () => '0').join(' ')} 4711 0 0`;
    expect(startTimeIn(fields('S'))).to.equal('4711');
    expect(startTimeIn(fields('Z')), 'a zombie is gone').to.equal(undefined);
  });

  it('reads a version from go.mod', () => {
    const goMod =
      'module x\n\nrequire (\n\tk8s.io/kubernetes v1.36.3 // indirect\n\tk8s.io/kubernetes-extra v9.9.9\n)\n';
    expect(versionIn(goMod, 'k8s.io/kubernetes')).to.equal('1.36.3');
    expect(() => versionIn(goMod, 'k8s.io/other')).to.throw('k8s.io/other');
  });

  it('writes archives that tar reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kit-'));
    try {
      const file = join(folder, 'a.tar');
      const content = Buffer.alloc(700, 'x');
      writeFileSync(
        file,
        tar([
          { name: 'empty', content: Buffer.alloc(0) },
          { name: 'run', content, mode: 0o755 },
        ]),
      );
      const listing = execFileSync('tar', ['--list', '--verbose', '--file', file]).toString();
      expect(listing).to.match(/^-rw-r--r-- .* 0 .* empty\n-rwxr-xr-x .* 700 .* run\n$/);
      expect(execFileSync('tar', ['--extract', '--to-stdout', '--file', file, 'run']).equals(content)).to.equal(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('makes the same image from the same program', () => {
    const archive = () => imageArchive('a:1', '/a', Buffer.from('program'));
    expect(archive().equals(archive())).to.equal(true);
    expect(archive().includes('"RepoTags":["a:1"]')).to.equal(true);
  });

  it('issues certificates that their authority vouches for', async () => {
    const authority = await createAuthority('test');
    const { cert } = await authority.issue({ name: 'me', groups: ['a', 'b'], dns: ['x.example'], ips: ['10.0.0.1'] });
    const certificate = new X509Certificate(cert);
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).to.equal(true);
    expect(certificate.subject.split('\n')).to.have.members(['CN=me', 'O=a', 'O=b']);
    expect(certificate.checkIP('10.0.0.1')).to.equal('10.0.0.1');
    expect(certificate.checkHost('x.example')).to.equal('x.example');
  });

  it('writes a kubeconfig that needs no other file', () => {
    const text = kubeconfig('https://127.0.0.1:6443', 'CA', { cert: 'CERT', key: 'KEY' });
    const { clusters, users } = parse(text) as {
      clusters: { cluster: Record<string, string> }[];
      users: { user: Record<string, string> }[];
    };
    expect(clusters[0]?.cluster['certificate-authority-data']).to.equal(Buffer.from('CA').toString('base64'));
    expect(users[0]?.user['client-key-data']).to.equal(Buffer.from('KEY').toString('base64'));
  });

  it('hands out a port once', async () => {
    const first = await freePort('127.0.0.1');
    expect(await freePort('127.0.0.1', first)).not.to.equal(first);
  });
});

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not reject with an error');
}
