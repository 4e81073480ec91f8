import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'test/support/run-process.ts');

/** Runs a process and sends it these signals once it has begun. */
async function run(way: string, signals: readonly NodeJS.Signals[] = []) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, way], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('begun')) resolve();
    });
  });
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([begun, exit]);
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const [code] = await exit;
  return { code, stderr, messages: stdout.match(/(?<="msg":")[^"]+/g) };
}

describe('process', function () {
  this.timeout(30_000);

  it('B-OPR-6 ends with 0 after an orderly stop, whichever signal asked for it', async () => {
    const done = { code: 0, stderr: '', messages: ['begun', 'done'] };
    expect(await Promise.all([run('orderly', ['SIGTERM']), run('orderly', ['SIGINT'])])).to.deep.equal([done, done]);
  });

  it('tells in one line why it failed, and ends with 1, its log written', async () => {
    expect(await run('failing')).to.deep.equal({
      code: 1,
      stderr: 'logLevel is "loud"; it must be debug or info\n',
      messages: ['begun'],
    });
  });

  it('ends at once at a second signal, and by itself where something was left behind', async () => {
    const [twice, left] = await Promise.all([run('stuck', ['SIGTERM', 'SIGTERM']), run('leaving', ['SIGTERM'])]);
    expect(twice).to.deep.equal({ code: 1, stderr: '', messages: ['begun'] });
    expect(left).to.deep.equal({ code: 0, stderr: '', messages: ['begun', 'done'] });
  });
});
