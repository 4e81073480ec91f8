import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { ROOT } from '../../tools/run.js';

/** The TypeScript of docs/framework.md in the order of its steps, and which file of its reader's each block is for. */
const BLOCKS = ['sandbox.ts', 'sandbox.ts', 'last', 'main.ts', 'sandbox.check.ts', 'sandbox.ts', 'admission.check.ts'];

/** Where the reader's files would be; none of them is written. */
const FOLDER = join(ROOT, 'examples');

describe('docs/framework.md', function () {
  this.timeout(120_000);

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
    };
    expect(complaints(files)).to.equal('');
  });
});

/** What the compiler says of these files, with the settings of this repository, whose other files are checked elsewhere. */
function complaints(files: Readonly<Record<string, string>>): string {
  const typed = new Map(Object.entries(files).map(([name, code]) => [join(FOLDER, name), code]));
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => typed.has(path) || disk.fileExists(path),
    readFile: (path) => typed.get(path) ?? disk.readFile(path),
    getSourceFile: (path, version, ...rest) => {
      const code = typed.get(path);
      return code === undefined ? disk.getSourceFile(path, version, ...rest) : ts.createSourceFile(path, code, version);
    },
  };
  const program = ts.createProgram([...typed.keys()], options, host);
  const found = [...typed.keys()].flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)));
  return ts.formatDiagnostics(found, host);
}

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
