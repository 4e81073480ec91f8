import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './folders.js';
import { tar } from './tar.js';

/** Images that hold one static program and run as a user that is not root. */

/** Uses `--cpu` percent of a core, or what `--follow` answers, and `--memory` (as `64Mi`) until it gets a signal. */
export const loadImage = 'optipod-kit/load:1';
/** What keeps a pod's namespaces open. It is the load program, told to do nothing. */
export const pauseImage = 'optipod-kit/pause:1';

/** Writes the kit's own images to the cache; gives their paths. `program` is the load generator. */
export function writeImages(program: string): string[] {
  const folder = join(cacheFolder(), 'images');
  mkdirSync(folder, { recursive: true });
  const content = readFileSync(program);
  const digest = sha256(content).slice(0, 12);
  return [loadImage, pauseImage].map((name) => {
    const file = join(folder, `${name.replace(/\W/g, '-')}-${digest}.tar`);
    const partial = `${file}.${process.pid}.partial`;
    writeFileSync(partial, imageArchive(name, '/load', content));
    renameSync(partial, file);
    return file;
  });
}

/** An archive as `docker save` writes it: one layer with one program, which is the entry point. */
export function imageArchive(name: string, path: string, program: Buffer): Buffer {
  const layer = tar([{ name: path.slice(1), content: program, mode: 0o755 }]);
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    // A number, so that `runAsNonRoot` can be checked.
    config: { Entrypoint: [path], User: '65532:65532', WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  return tar([
    { name: 'manifest.json', content: Buffer.from(JSON.stringify(manifest)) },
    { name: 'config.json', content: Buffer.from(JSON.stringify(config)) },
    { name: 'layer.tar', content: layer },
  ]);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
