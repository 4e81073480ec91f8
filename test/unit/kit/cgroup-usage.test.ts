import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { containerFolder } from '../../support/cgroup-usage.js';

/** Makes a folder with others in it and removes them, over and over. */
const RESTLESS = `
const { mkdirSync, rmSync } = require('node:fs');
for (;;) {
  for (let index = 0; index < 20; index += 1) mkdirSync(process.argv[1] + '/ended-' + index + '/inner', { recursive: true });
  rmSync(process.argv[1], { recursive: true });
}`;

describe('the cgroup of a container', () => {
  it('is found while other containers end', async () => {
    const root = mkdtempSync(join(tmpdir(), 'cgroups-'));
    const own = join(root, 'kubepods/burstable/pod-1/own');
    mkdirSync(own, { recursive: true });
    const others = spawn(process.execPath, ['-e', RESTLESS, join(root, 'kubepods/best-effort')], { stdio: 'inherit' });
    try {
      await once(others, 'spawn');
      const end = performance.now() + 500;
      while (performance.now() < end) expect(containerFolder(root, 'own')).to.equal(own);
    } finally {
      others.kill('SIGKILL');
      await once(others, 'exit');
      rmSync(root, { recursive: true });
    }
  });

  it('is missed by its name', () => {
    const root = mkdtempSync(join(tmpdir(), 'cgroups-'));
    expect(() => containerFolder(root, 'nobody')).to.throw(`no cgroup of nobody below ${root}`);
    rmSync(root, { recursive: true });
  });
});
