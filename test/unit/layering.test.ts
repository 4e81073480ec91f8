import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..');

/** What each room may import besides itself. The first room that fits a file is the file's room. */
const ROOMS: readonly { readonly room: string; readonly may: readonly string[] }[] = [
  { room: 'lib/kube', may: ['ajv', '@marcbachmann/cel-js'] },
  { room: 'lib', may: ['lib/kube', 'imports/types'] },
  { room: 'imports', may: ['imports/types', 'lib/kube', 'cdk8s', 'constructs'] },
  { room: 'constructs/operator', may: ['lib/kube', 'cdk8s', 'constructs', 'cdk8s-plus-28', 'node:'] },
  {
    room: 'constructs/install',
    may: ['constructs-room', 'constructs/operator', 'lib', 'lib/kube', 'cdk8s', 'constructs'],
  },
  { room: 'constructs/main.ts', may: ['constructs-room', 'constructs/install', 'cdk8s', 'node:'] },
  { room: 'constructs', may: ['constructs/operator', 'lib', 'lib/kube', 'imports', 'cdk8s', 'constructs'] },
  {
    room: 'operator/runtime',
    may: [
      'lib/kube',
      'undici',
      '@kubernetes/client-node',
      'prom-client',
      'pino',
      '@peculiar/x509',
      'reflect-metadata',
      'yaml',
      'node:',
    ],
  },
  { room: 'operator', may: ['operator/runtime', 'lib', 'lib/kube', 'undici', 'pino', 'prom-client', 'node:'] },
  {
    room: 'webhook/server',
    may: ['lib/kube', 'operator/runtime', 'hono', '@hono/node-server', 'prom-client', 'node:'],
  },
  { room: 'webhook', may: ['webhook/server', 'operator/runtime', 'lib', 'lib/kube', 'prom-client', 'node:'] },
];

/** Code that anybody's operator can stand on. */
const GENERIC = ['lib/kube', 'constructs/operator', 'operator/runtime', 'webhook/server'];

const PUBLISHED: Readonly<Record<string, string>> = {
  optipod: 'constructs/index.ts',
  'optipod/install': 'constructs/install.ts',
  'optipod/validation': 'constructs/validation.ts',
  'optipod/kube': 'lib/kube/index.ts',
  '@optipod/operator': 'operator/index.ts',
  '@optipod/operator/runtime': 'operator/runtime/index.ts',
  '@optipod/webhook': 'webhook/index.ts',
  '@optipod/webhook/server': 'webhook/server/index.ts',
};

describe('the house', () => {
  const files = ['lib', 'imports', 'constructs', 'operator', 'webhook'].flatMap(sources);

  it('finds its rooms', () => {
    for (const { room } of ROOMS)
      expect(
        files.some((file) => roomOf(file) === room),
        room,
      ).to.equal(true);
  });

  it('has arrows in one direction only', () => {
    const wrong = files.flatMap((file) => {
      const room = roomOf(file);
      const may = ROOMS.find((candidate) => candidate.room === room)?.may ?? [];
      return importsOf(file)
        .map((specifier) => ({ specifier, target: targetOf(file, specifier) }))
        .filter(({ target }) => target !== inside(room) && !may.some((allowed) => allows(allowed, target)))
        .map(({ specifier }) => `${file} imports ${specifier}`);
    });
    expect(wrong).to.deep.equal([]);
  });

  it('has no circle between the rooms of lib', () => {
    const arrows = new Map<string, Set<string>>();
    for (const file of files.filter((name) => name.startsWith('lib/'))) {
      const from = file.split('/')[1] ?? '';
      for (const specifier of importsOf(file).filter((name) => name.startsWith('.'))) {
        const to = relative(root, join(root, dirname(file), specifier)).split('/');
        if (to[0] === 'lib' && to[1] !== undefined && to[1] !== from)
          arrows.set(from, (arrows.get(from) ?? new Set()).add(to[1]));
      }
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(arrows.get(from) ?? [])].some(
        (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
      );
    expect([...arrows.keys()].filter((room) => reaches(room, room))).to.deep.equal([]);
  });

  it('has generic rooms that never name OptiPod', () => {
    const naming = files
      .filter((file) => GENERIC.some((room) => file.startsWith(`${room}/`)))
      .filter((file) => /optipod/i.test(read(file).replaceAll(/from '@?optipod\/[a-z/]+'/g, '')));
    expect(naming).to.deep.equal([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !/(^|\/)(dist|node_modules)\//.test(file))
    .map((file) => join(folder, file));
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName }) => fileName);
}

function roomOf(file: string): string {
  return ROOMS.find(({ room }) => file === room || file === `${room}.ts` || file.startsWith(`${room}/`))?.room ?? file;
}

/** The room of a file of ours, or the package's name. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) {
    const target = relative(root, join(root, dirname(file), specifier)).replace(/\.js$/, '.ts');
    return target.startsWith('imports/types') ? 'imports/types' : inside(roomOf(target));
  }
  const published =
    PUBLISHED[specifier] ??
    (specifier.startsWith('optipod/lib/') ? `${specifier.slice('optipod/'.length)}/index.ts` : undefined);
  return published === undefined ? specifier : inside(roomOf(published));
}

/** The folder `constructs` is a room, and the package `constructs` a library. */
function inside(room: string): string {
  return room === 'constructs' ? 'constructs-room' : room;
}

function allows(allowed: string, target: string): boolean {
  return (
    allowed === target ||
    (allowed === 'node:' && target.startsWith('node:')) ||
    (allowed === 'imports' && target === 'imports/types')
  );
}
