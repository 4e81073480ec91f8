/**
 * `npm test`: runs suites of tests in one mocha, so that there is one closing line. Suites that need a cluster run inside a
 * network of their own, in which nothing outlives this process.
 *
 *   tsx test/run.ts unit cluster node [-- mocha's own arguments]
 */
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { CannotRun, insideNetwork, openRun, prepare, type Level } from './kit/index.js';
import { prepareExtras } from './kit/extras.js';
import { prepareConsumerApps } from './support/consumer-apps.js';
import { operatorImage } from './support/operator-image.js';

const root = join(import.meta.dirname, '..');

interface Suite {
  readonly files: readonly string[];
  readonly needs?: Level;
  /** How often a property is tried, instead of fast-check's 100 times. */
  readonly tries?: number;
}

const SUITES: Readonly<Record<string, Suite>> = {
  unit: { files: ['test/unit/**/*.test.ts'] },
  cluster: { files: ['test/cluster/**/*.test.ts'], needs: 'control-plane' },
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
const mocha = [
  join(root, 'node_modules/mocha/bin/mocha.js'),
  ...suites.flatMap(({ files }) => files),
  ...(tries === undefined ? [] : ['--require', join(root, 'test/support/soak.ts'), '--timeout', '0']),
  ...extra,
];
if (tries !== undefined) {
  process.env.OPTIPOD_TRIES = String(tries);
  process.env.OPTIPOD_SEED ??= String(Date.now() % 2 ** 31);
}
process.exitCode = suites.some(({ needs }) => needs)
  ? await withCluster()
  : (spawnSync(process.execPath, mocha, { stdio: 'inherit', cwd: root }).status ?? 1);

async function withCluster(): Promise<number> {
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  const needsNode = suites.some(({ needs }) => needs === 'node');
  try {
    // Whatever comes from outside comes before the network that has none.
    const level = needsNode ? 'node' : 'control-plane';
    await prepare(level, { progress });
    if (suites.some(({ needs }) => needs === 'control-plane')) await prepareExtras({ progress });
    if (names.includes('cluster')) await prepareConsumerApps(progress);
    if (needsNode) await operatorImage(progress);
    const run = await openRun({ level, progress });
    try {
      const hooks = ['--require', join(root, 'test/kit/hooks.ts')];
      return await insideNetwork(run, process.execPath, [...mocha, ...hooks], { cwd: root });
    } finally {
      await run.close();
    }
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    progress(error.message);
    return 1;
  }
}
