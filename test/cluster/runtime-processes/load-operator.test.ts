import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

describe('the command that runs an operator', function () {
  this.timeout(30_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'optipod-run-'))));
  after(() => rmSync(folder, { recursive: true }));

  const run = (...args: readonly string[]) =>
    new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const tsx = join(ROOT, 'node_modules/tsx/dist/esm/index.mjs');
      const env = { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') };
      execFile(
        process.execPath,
        ['--import', tsx, join(ROOT, 'operator/run.ts'), ...args],
        { cwd: folder, env },
        (error, stdout, stderr) => resolve({ code: error?.code, stdout, stderr }),
      );
    });

  it('B-FRM-1 ends with 2 and says in one line what is wrong with its file', async () => {
    writeFileSync(join(folder, 'none.mjs'), 'export const a = 1;\n');
    writeFileSync(join(folder, 'other.mjs'), 'export default { hello: 1 };\n');
    const said = await Promise.all([run(), run('missing.mjs'), run('none.mjs'), run('other.mjs')]);
    const expected = [
      'usage: optipod-operator FILE',
      'missing.mjs cannot be loaded',
      'none.mjs has no default export; write: export default defineOperator',
      'other.mjs is not what defineOperator returns; write: export default',
    ];
    for (const [index, says] of expected.entries()) {
      expect(said[index]?.code).to.equal(2);
      expect(said[index]?.stderr)
        .to.match(/^[^\n]+\n$/)
        .and.to.contain(says);
    }
  });

  it('B-FRM-1 tells its flags to who asks for help, and ends with 0', async () => {
    writeFileSync(join(folder, 'none.mjs'), 'export const a = 1;\n');
    for (const args of [['--help'], ['-h'], ['none.mjs', '--help']]) {
      const { code, stdout } = await run(...args);
      expect(code).to.equal(undefined);
      expect(stdout).to.contain('usage: optipod-operator FILE [flags]');
      expect(stdout).to.match(
        /--log-level +LOG_LEVEL +The least severe lines that are logged\. Allowed: trace, debug, .* \(info\)/,
      );
      expect(stdout).to.match(/--config +CONFIG +/);
    }
  });
});
