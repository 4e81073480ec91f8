import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { judge } from '../../cli/validation/findings.js';
import { collectionOf, Apiserver, installCrds } from '../documents/apiserver.js';
import { type Tree, treeAt } from '../documents/tree.js';
import { type Cluster, sharedCluster } from '../kit/index.js';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const names = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe('the examples', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let api: Apiserver;
  let synthesized: string;
  const made: string[] = [];

  before(async () => {
    cluster = await sharedCluster('control-plane');
    api = new Apiserver(cluster);
    await installCrds(cluster);
    await installCrds(cluster, join(ROOT, 'test/documents/crds'));
    synthesized = mkdtempSync(join(tmpdir(), 'optipod-monorepo-'));
    await synth();
    const objects = names.flatMap((name) => filesOf(name).flatMap(objectsIn));
    for (const name of new Set(objects.map(namespaceOf))) {
      const { code } = await api.ask('POST', '/api/v1/namespaces', { metadata: { name } });
      if (code === 201) made.push(name);
    }
  });

  after(async () => {
    // Other tests share this cluster, and must not meet a namespace that is still going away.
    if (made.length > 0) await cluster.kubectl(['delete', 'namespace', ...made]);
    await cluster.kubectl(['delete', '-f', join(ROOT, 'test/documents/crds')]);
    await api.close();
    rmSync(synthesized, { recursive: true, force: true });
  });

  it('are numbered, and the list of them is complete', () => {
    const list = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    expect([...list.matchAll(/\]\(([^/]+)\/README\.md\)/g)].map(([, name]) => name)).to.deep.equal(names);
    expect(names.map((name) => name.slice(0, 2))).to.deep.equal(names.map((_, i) => String(i + 1).padStart(2, '0')));
  });

  for (const name of names) {
    describe(name, () => {
      it('has a README that shows its files as they are', () => {
        const sources = sourcesOf(name).map((file) => readFileSync(file, 'utf8'));
        const readme = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8');
        const snippets = [...readme.matchAll(/```(?:yaml|ts)\n([^]*?)```/g)].map(([, snippet]) => snippet);
        expect(snippets).to.have.length.above(0);
        for (const snippet of snippets) expect(sources).to.include(snippet);
      });

      // That one has no policies; test/cluster/second-operator.test.ts runs it.
      if (name === '08-second-operator') return;

      it('passes optipod validate', () => {
        const judged = filesOf(name).map((file) => judge(file, readFileSync(file, 'utf8')));
        expect(judged.flatMap(({ findings }) => findings)).to.deep.equal([]);
        expect(judged.reduce((sum, { judged: count }) => sum + count, 0)).to.be.at.least(1);
      });

      it('B-API-9 is applied to the real apiserver, as it is', async () => {
        const files = filesOf(name).flatMap((file) => ['-f', file]);
        const { stdout } = await cluster.kubectl(['apply', '--server-side', '--force-conflicts', ...files]);
        const objects = filesOf(name).flatMap(objectsIn);
        expect(stdout.trim().split('\n')).to.have.length(objects.length);
        for (const object of objects.filter(({ kind }) => kind === 'OptimizationPolicy')) {
          const stored = await api.get(`${collectionOf(object)}/${String(treeAt(object, 'metadata.name'))}`);
          expect(treeAt(stored, 'spec.reconciliationInterval'), 'defaults').to.equal('5m');
          await api.ask('DELETE', `${collectionOf(object)}/${String(treeAt(object, 'metadata.name'))}`);
        }
      });
    });
  }

  it('B-INS-3 the first is the policy of the README', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const policy = readFileSync(join(EXAMPLES, '01-six-lines/policy.yaml'), 'utf8');
    expect(/```yaml\n([^`]+)```/.exec(readme)?.[1]).to.equal(policy);
  });

  it('import nothing but what is published', () => {
    const imported = names
      .flatMap(sourcesOf)
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)].map(([, from = '']) => from))
      .filter((from) => !/^\.\.?\/(?!.*\.\.\/\.\.)/.test(from));
    expect(new Set(imported)).to.deep.equal(new Set(['cdk8s', 'constructs', 'optipod', 'optipod/kube']));
  });

  /** The monorepo's own command, with this repository in the place of the installed package. */
  async function synth(): Promise<void> {
    const folder = join(EXAMPLES, '07-monorepo');
    const { app } = parseAllDocuments(readFileSync(join(folder, 'cdk8s.yaml'), 'utf8'))[0]?.toJS() as { app: string };
    const [, ...args] = app.split(' ');
    await promisify(execFile)(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, CDK8S_OUTDIR: synthesized, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
    });
  }

  /** The manifests of an example. */
  function filesOf(name: string): string[] {
    const written = sourcesOf(name).filter((file) => file.endsWith('.yaml') && !file.endsWith('/cdk8s.yaml'));
    if (name !== '07-monorepo') return namespacesFirst(written);
    return readdirSync(synthesized).map((file) => join(synthesized, file));
  }
});

function sourcesOf(name: string): string[] {
  return readdirSync(join(EXAMPLES, name), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(yaml|ts)$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(EXAMPLES, name, file));
}

/** As GitOps tools order them. */
function namespacesFirst(files: readonly string[]): string[] {
  return files.toSorted((a, b) => Number(/namespaces?\.yaml$/.test(b)) - Number(/namespaces?\.yaml$/.test(a)));
}

function objectsIn(file: string): Tree[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Tree);
}

function namespaceOf(object: Tree): string {
  const [namespace, name] = ['namespace', 'name'].map((key) => treeAt(object, `metadata.${key}`));
  return String(object.kind === 'Namespace' ? name : (namespace ?? 'default'));
}
