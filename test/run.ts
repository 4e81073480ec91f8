/**
 * `npm test`: runs suites of tests in lanes side by side, each a mocha of its own, with one closing line for all. Suites that
 * need a cluster have a network of their own, in which nothing outlives this process; with a node, each lane has a network and a
 * cluster, since most tests wait for something most of the time.
 *
 *   tsx test/run.ts unit cluster node [-- mocha's own arguments]
 */
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CannotRun, insideNetwork, openRun, prepare, type InsideOptions, type Level } from './kit/index.js';
import { prepareExtras } from './kit/extras.js';
import { prepareConsumerApps } from './support/consumer-apps.js';
import { closingLine, sum, type Counts } from './support/counts.js';
import { operatorImage } from './support/operator-image.js';

const root = join(import.meta.dirname, '..');

interface Suite {
  readonly files: readonly string[];
  /** Of these files, those that run beside a node where there is one. */
  readonly besideNode?: readonly string[];
  /** Of these files, those that have lanes of their own. */
  readonly apart?: readonly (readonly string[])[];
  /** Files besides, each of which starts a node of its own: a lane for them. */
  readonly ownNode?: readonly string[];
  readonly needs?: Level;
  /** How often a property is tried, instead of fast-check's 100 times. */
  readonly tries?: number;
}

const SOAKED_APART = [
  [
    'test/cluster/operator/template/interleavings.test.ts',
    'test/cluster/disruption/**/*.test.ts',
    'test/cluster/outages/**/*.test.ts',
  ],
  ['test/cluster/webhook/*.test.ts', 'test/gitops/**/*.test.ts'],
];

const SUITES: Readonly<Record<string, Suite>> = {
  unit: { files: ['test/unit/**/*.test.ts'] },
  cluster: {
    files: ['test/cluster/**/*.test.ts', 'test/gitops/**/*.test.ts'],
    // Each by its name: mocha finds nothing by braces alone.
    besideNode: [
      'test/cluster/{runtime,runtime-processes}/**/*.test.ts',
      'test/cluster/runtime-manager/events.test.ts',
      'test/cluster/runtime-manager/leadership.test.ts',
    ],
    apart: [
      [
        'test/cluster/operator/**/*.test.ts',
        'test/cluster/outages/**/*.test.ts',
        'test/cluster/runtime-manager/kill-points.test.ts',
      ],
      [
        'test/cluster/disruption/**/*.test.ts',
        'test/cluster/journal/**/*.test.ts',
        'test/cluster/webhook/**/*.test.ts',
        'test/gitops/**/*.test.ts',
      ],
    ],
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
      ...SOAKED_APART.flat(),
    ],
    apart: SOAKED_APART,
    ownNode: ['test/soak/**/*.test.ts'],
    needs: 'control-plane',
    tries: 20_000,
  },
};

/** No lane takes as long: one that hangs is killed, and what it printed is seen. A soak run takes what it takes. */
const LANE_TIMEOUT_MS = 40 * 60_000;

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
// Lanes share the machine: everything takes as much longer as there are of them, and again where it is a slow one.
process.env.OPTIPOD_PATIENCE ??= '4';
process.exitCode = await main();

function mocha(args: readonly string[]): string[] {
  const soak = tries === undefined ? [] : ['--require', join(root, 'test/support/soak.ts'), '--timeout', '0'];
  // What mocha's own arguments leave of the tests may all be in one lane.
  return [join(root, 'node_modules/mocha/bin/mocha.js'), ...args, ...soak, '--no-fail-zero', ...extra];
}

/** Tests that run one after the other, in a network of their own where they need a cluster. */
interface Lane {
  readonly level?: Level;
  readonly args: readonly string[];
}

function lanes(): Lane[] {
  const nodes = suites.flatMap(({ ownNode }) => ownNode ?? []).map((args): Lane => ({ level: 'node', args: [args] }));
  return [...sharedLanes(), ...nodes];
}

function sharedLanes(): Lane[] {
  if (!suites.some(({ needs }) => needs)) return halves('test/unit').map((args) => ({ args }));
  const beside = suites.flatMap(({ besideNode }) => besideNode ?? []);
  const apart = suites.flatMap((suite) => suite.apart ?? []);
  const onNode = suites.filter(({ needs }) => needs === 'node').flatMap(({ files }) => files);
  const others = suites.filter(({ needs }) => needs !== 'node').flatMap(({ files }) => files);
  if (others.length === 0) return [{ level: 'node', args: onNode }];
  const elsewhere = [...(onNode.length > 0 ? beside : []), ...apart.flat()];
  const lanes: Lane[] = [
    { level: 'control-plane', args: [...others, ...elsewhere.flatMap((files) => ['--ignore', files])] },
  ];
  if (onNode.length > 0) lanes.push({ level: 'node', args: [...onNode, ...beside] });
  return [...lanes, ...apart.map((args): Lane => ({ level: 'control-plane', args }))];
}

/** The files of tests in a folder, in turn for the one lane and the other: neighbours tend to cost the same. */
function halves(folder: string): string[][] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
    .map((file) => join(folder, file));
  return [0, 1].map((half) => files.filter((_, index) => index % 2 === half));
}

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'optipod-test-'));
  try {
    // Whatever comes from outside comes before the networks that have none.
    await prepareSuites();
    const outcomes = await Promise.all(lanes().map((lane, index) => run(lane, index, folder)));
    for (const { log } of outcomes)
      if (log !== undefined) await pipeline(createReadStream(log), process.stdout, { end: false });
    const counts = sum(outcomes.map(({ counts }) => counts));
    // Once more at the end: where they were told is thousands of lines before it.
    for (const { title, error } of counts.failures) process.stdout.write(`\nfailed: ${title}\n${indented(error)}\n`);
    process.stdout.write(`\n${closingLine(counts)}\n`);
    const ran = counts.passes + counts.failures.length + counts.pending;
    return outcomes.find(({ code }) => code !== 0)?.code ?? (ran === 0 ? 1 : 0);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    progress(error.message);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

async function prepareSuites(): Promise<void> {
  if (!suites.some(({ needs }) => needs)) return;
  const needsNode = suites.some(({ needs, ownNode }) => needs === 'node' || ownNode !== undefined);
  await prepare(needsNode ? 'node' : 'control-plane', { progress });
  if (suites.some(({ needs }) => needs === 'control-plane')) await prepareExtras({ progress });
  if (names.includes('cluster')) await prepareConsumerApps(progress);
  if (suites.some(({ needs }) => needs === 'node')) await operatorImage(progress);
}

interface Outcome {
  readonly code: number;
  readonly counts: Counts;
  /** What it printed, where that was not seen yet. */
  readonly log?: string;
}

/** The first lane prints as it goes, others when all are done: lines of two would be a riddle. */
async function run({ level, args }: Lane, index: number, folder: string): Promise<Outcome> {
  const file = join(folder, `counts-${index}.json`);
  const log = index === 0 ? undefined : join(folder, `log-${index}`);
  const output = log === undefined ? 'inherit' : openSync(log, 'w');
  const options = { cwd: root, env: { OPTIPOD_COUNTS: file }, stdio: ['inherit', output, output] as StdioOptions };
  const code = await (level === undefined ? alone(mocha(args), options) : inCluster(level, mocha(args), options));
  const counts = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : cutShort(index, code);
  return { code, counts, ...(log === undefined ? {} : { log }) };
}

/** Of a lane whose mocha did not come to its end, and so told no numbers. */
function cutShort(index: number, code: number): Counts {
  const error = `ended before its tests did, with code ${String(code)}: what it printed is above`;
  return { passes: 0, failures: [{ title: `lane ${String(index)}`, error }], pending: 0 };
}

async function alone(args: readonly string[], options: InsideOptions): Promise<number> {
  const child = spawn(process.execPath, args, { ...options, env: { ...process.env, ...options.env } });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function inCluster(level: Level, args: readonly string[], options: InsideOptions): Promise<number> {
  const run = await openRun({ level, progress });
  try {
    const hooks = ['--require', join(root, 'test/kit/hooks.ts')];
    const timeout = tries === undefined ? { timeout: LANE_TIMEOUT_MS } : {};
    return await insideNetwork(run, process.execPath, [...args, ...hooks], { ...options, ...timeout });
  } finally {
    await run.close();
  }
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
