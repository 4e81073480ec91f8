import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { manifestsYaml } from '../../../constructs/install.js';
import { manifestsIn } from './synth.js';

const COMMITTED = join(import.meta.dirname, '../../../manifests');

describe('manifests/', () => {
  it('is what synth writes: run `npm run synth` after a change', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'optipod-synth-'));
    const before = process.env.CDK8S_OUTDIR;
    try {
      // As cdk8s synth says where to write.
      process.env.CDK8S_OUTDIR = folder;
      await import('../../../constructs/main.js');
      const [committed, synthesized] = [await contents(COMMITTED), await contents(folder)];
      expect(Object.keys(committed)).to.deep.equal(Object.keys(synthesized));
      for (const [name, text] of Object.entries(synthesized)) expect(committed[name], name).to.equal(text);
    } finally {
      if (before === undefined) delete process.env.CDK8S_OUTDIR;
      else process.env.CDK8S_OUTDIR = before;
      await rm(folder, { recursive: true });
    }
  });

  it('holds in the order of its file names what a program gets as one stream', async () => {
    const files = Object.values(await contents(COMMITTED));
    expect(files.flatMap(manifestsIn)).to.deep.equal(manifestsIn(manifestsYaml()));
  });
});

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}
