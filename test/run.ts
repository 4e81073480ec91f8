/**
 * `npm test`: runs suites of tests, with one closing line for all of them. Suites that need a cluster run inside a network of
 * their own, in which nothing outlives this process. With a node there are two lanes side by side, each a mocha with a network
 * and a cluster of its own, since most tests wait for something most of the time.
 *
 *   tsx test/run.ts unit cluster node [-- mocha's own arguments]
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CannotRun, insideNetwork, openRun, prepare, type Level } from './kit/index.js';
import { prepareExtras } from './kit/extras.js';
import { prepareConsumerApps } from './support/consumer-apps.js';
import { closingLine, sum, type Counts } from './support/counts.js';
import { operatorImage } from './support/operator-image.js';

const root = join(import.meta.dirname, '..');

interface Suite {
  readonly files: readonly string[];
  /** Of these files, those that run beside a node where there is one. */
  readonly besideNode?: string;
  readonly needs?: Level;
  /** How often a property is tried, instead of fast-check's 100 times. */
  readonly tries?: number;
}

const SUITES: Readonly<Record<string, Suite>> = {
  unit: { files: ['test/unit/**/*.test.ts'] },
  cluster: {
    files: ['test/cluster/**/*.test.ts'],
    besideNode: 'test/cluster/{runtime*,webhook}/**/*.test.ts',
    needs: 'control-plane',
  },
  node: { files: ['test/node/**/*.test.ts'], needs: 'node' },
  soak: {
    files: [
      'test/unit/**/*.test.ts',
      'test/cluster/journal/**/*.test.ts',
      'test/cluster/rulebook/**/*.test.ts',
      'test/cluster/runtime/**/*.test.ts',
      'test/cluster/runtime-manager/**/*.test.ts',
      'test/cluster/validate/ratcheting.test.ts',
      'test/cluster/webhook/rotation.test.ts',
    ],
    needs: 'control-plane',
    tries: 20_000,
  },
};

const separator = process.argv.indexOf('--');
const names = process.argv.slice(2, separator < 0 ? undefined : separator);
const extra = separator < 0 ? [] : process.argv.slice(separator + 1);
const suites = names.map((name) => {
  const suite = SUITES[name];
  if (!suite) throw new Error(`no suite ${name}: there are ${Object.keys(SUITES).join(', ')}`);
  return suite;
});

const tries = suites.find((suite) => suite.tries !== undefined)?.tries;
if (tries !== undefined) {
  process.env.OPTIPOD_TRIES = String(tries);
  process.env.OPTIPOD_SEED ??= String(Date.now() % 2 ** 31);
}
process.exitCode = suites.some(({ needs }) => needs)
  ? await withClusters()
  : (spawnSync(process.execPath, mocha(suites.flatMap(({ files }) => files)), { stdio: 'inherit', cwd: root }).status ??
    1);

function mocha(args: readonly string[]): string[] {
  const soak = tries === undefined ? [] : ['--require', join(root, 'test/support/soak.ts'), '--timeout', '0'];
  return [join(root, 'node_modules/mocha/bin/mocha.js'), ...args, ...soak, ...extra];
}

/** Tests that run one after the other, in a network of their own. */
interface Lane {
  readonly level: Level;
  readonly args: readonly string[];
}

function lanes(): Lane[] {
  const beside = suites.flatMap(({ besideNode }) => besideNode ?? []);
  const onNode = suites.filter(({ needs }) => needs === 'node').flatMap(({ files }) => files);
  const others = suites.filter(({ needs }) => needs !== 'node').flatMap(({ files }) => files);
  if (onNode.length === 0) return [{ level: 'control-plane', args: others }];
  if (others.length === 0) return [{ level: 'node', args: onNode }];
  return [
    { level: 'control-plane', args: [...others, ...beside.flatMap((files) => ['--ignore', files])] },
    { level: 'node', args: [...onNode, ...beside] },
  ];
}

async function withClusters(): Promise<number> {
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'optipod-test-'));
  try {
    // Whatever comes from outside comes before the networks that have none.
    const needsNode = suites.some(({ needs }) => needs === 'node');
    await prepare(needsNode ? 'node' : 'control-plane', { progress });
    if (suites.some(({ needs }) => needs === 'control-plane')) await prepareExtras({ progress });
    if (names.includes('cluster')) await prepareConsumerApps(progress);
    if (needsNode) await operatorImage(progress);
    const outcomes = await Promise.all(lanes().map((lane, index) => run(lane, index, folder)));
    const counts = outcomes.flatMap(({ counts }) => counts ?? []);
    for (const { log } of outcomes)
      if (log !== undefined) await pipeline(createReadStream(log), process.stdout, { end: false });
    process.stdout.write(`\n${closingLine(sum(counts))}\n`);
    return outcomes.find(({ code }) => code !== 0)?.code ?? 0;
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    progress(error.message);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Outcome {
  readonly code: number;
  /** Absent where mocha did not come to its end. */
  readonly counts?: Counts;
  /** What it printed, where that was not seen yet. */
  readonly log?: string;
}

/** The first lane prints as it goes, others when all are done: lines of two would be a riddle. */
async function run({ level, args }: Lane, index: number, folder: string): Promise<Outcome> {
  const run = await openRun({ level, progress: (line) => process.stderr.write(`${line}\n`) });
  try {
    const file = join(folder, `counts-${index}.json`);
    const log = index === 0 ? undefined : join(folder, `log-${index}`);
    const output = log === undefined ? 'inherit' : openSync(log, 'w');
    const code = await insideNetwork(
      run,
      process.execPath,
      mocha([...args, '--require', join(root, 'test/kit/hooks.ts')]),
      {
        cwd: root,
        env: { OPTIPOD_COUNTS: file },
        stdio: ['inherit', output, output],
      },
    );
    const counts = existsSync(file) ? { counts: JSON.parse(readFileSync(file, 'utf8')) as Counts } : {};
    return { code, ...counts, ...(log === undefined ? {} : { log }) };
  } finally {
    await run.close();
  }
}
