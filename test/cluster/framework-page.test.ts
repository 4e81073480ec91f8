import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, run } from '../../tools/run.js';

/** The TypeScript of docs/framework.md in the order of its steps, and which file of its reader's each block is for. */
const BLOCKS = ['sandbox.ts', 'sandbox.ts', 'last', 'main.ts', 'sandbox.check.ts', 'sandbox.ts', 'admission.check.ts'];

describe('docs/framework.md', function () {
  this.timeout(120_000);
  let folder: string;

  before(async () => {
    const within = join(ROOT, 'node_modules/.cache');
    await mkdir(within, { recursive: true });
    folder = await mkdtemp(join(within, 'framework-page-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('B-FRM-1 compiles as its reader types it in', async () => {
    const page = await readFile(join(ROOT, 'docs/framework.md'), 'utf8');
    const blocks = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = '']) => code);
    expect(blocks).to.have.length(BLOCKS.length);
    const of = (name: string) => blocks.filter((_, index) => BLOCKS[index] === name).join('\n');
    const admitting = of('last').replace('[lifetime]', '[lifetime], admission: [oneEach]');
    const [before = '', after = ''] = of('sandbox.check.ts').split(/^const running = .*$/m);
    const files = {
      'sandbox.ts': merged(of('sandbox.ts') + admitting),
      'main.ts': of('main.ts'),
      'sandbox.check.ts': of('sandbox.check.ts'),
      'admission.check.ts': merged(before + of('admission.check.ts') + after),
      'tsconfig.json': JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), include: ['*.ts'], exclude: [] }),
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder, '--noEmit']);
  });
});

/** With one import of each name, as an editor makes of imports that stand in several blocks. */
function merged(code: string): string {
  const names = new Map<string, Set<string>>();
  const rest = code.replace(/^import \{ (.*) \} from '(.*)';$/gm, (_, imported: string, from: string) => {
    names.set(from, new Set([...(names.get(from) ?? []), ...imported.split(', ')]));
    return '';
  });
  const imports = [...names].map(([from, imported]) => `import { ${[...imported].join(', ')} } from '${from}';`);
  return [...imports, rest].join('\n');
}
