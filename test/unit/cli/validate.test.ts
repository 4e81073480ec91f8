import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { optipod, type Outcome } from '../../support/command.js';

const GOOD = `apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata: { name: web }
spec:
  mode: Auto
  selector: { namespaces: { allow: [web] } }
  metricsConfig: { provider: prometheus }
  resourceBounds: { cpu: { min: 50m, max: 4 }, memory: { min: 64Mi, max: 8Gi } }
  updateStrategy: {}
`;
const BAD = GOOD.replace('Auto', 'auto');

describe('optipod validate', function () {
  this.timeout(60_000);
  let folder: string;
  let outcomes: Record<string, Outcome>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'optipod-validate-'));
    await mkdir(join(folder, 'all/below/node_modules'), { recursive: true });
    await mkdir(join(folder, 'good'));
    for (const [file, text] of [
      ['good/web.yaml', GOOD],
      ['good/package.json', '{ "name": "x" } // not even JSON'],
      ['all/good.yml', `${GOOD}---\napiVersion: v1\nkind: ConfigMap\n`],
      ['all/notes.txt', BAD],
      ['all/values.yaml', 'a: [\n'],
      [
        'all/below/bad.json',
        '{"kind":"OptimizationPolicy","apiVersion":"optipod.io/v1alpha1","metadata":{"name":"x"},"spec":"\u001b[31mred"}',
      ],
      ['all/below/node_modules/other.yaml', BAD],
      ['bad.yaml', BAD],
      ['latin.yaml', Buffer.from([0x61, 0xe9])],
    ] as const) {
      await writeFile(join(folder, file), text);
    }
    await symlink('../bad.yaml', join(folder, 'all/link.yaml'));
    await symlink('..', join(folder, 'all/circle'));
    const invocations: Record<string, readonly [readonly string[], (string | Uint8Array)?]> = {
      good: [['good']],
      bad: [['bad.yaml']],
      json: [['-o', 'json', 'bad.yaml', 'good']],
      all: [['all', 'all/link.yaml', 'bad.yaml']],
      stdin: [['-'], BAD],
      missing: [['bad.yaml', 'nowhere.yaml']],
      latin: [['latin.yaml']],
      utf16: [['-'], Buffer.from(`\uFEFF${BAD}`, 'utf16le')],
      nothing: [[]],
      format: [['-o', 'xml', 'bad.yaml']],
    };
    const entries = await Promise.all(
      Object.entries(invocations).map(async ([name, [args, input]]) => [name, await validate(args, input)] as const),
    );
    outcomes = Object.fromEntries(entries);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('ends with 0 where there is nothing to find', () => {
    const stderr = '1 policy in 2 files: nothing to complain about\n';
    expect(outcomes.good).to.deep.equal({ code: 0, stdout: '', stderr });
  });

  it('ends with 1, and shows the place: no colours where there is no terminal', () => {
    expect(outcomes.bad).to.deep.equal({
      code: 1,
      stdout: `bad.yaml:5:9: spec.mode: Unsupported value: "auto": supported values: "Auto", "Recommend", "Disabled"
  5 |   mode: auto
    |         ^
`,
      stderr: '1 policy in 1 file: 1 finding in 1 file\n',
    });
  });

  it('prints JSON', () => {
    expect(outcomes.json?.code).to.equal(1);
    expect(JSON.parse(outcomes.json?.stdout ?? '')).to.deep.equal([
      {
        file: 'bad.yaml',
        line: 5,
        column: 9,
        kind: 'OptimizationPolicy',
        name: 'web',
        path: 'spec.mode',
        value: 'auto',
        message: 'Unsupported value: "auto": supported values: "Auto", "Recommend", "Disabled"',
      },
    ]);
  });

  it('reads folders to the bottom, manifests only, each once', () => {
    const files = (outcomes.all?.stdout ?? '').match(/^[\w./]+(?=:\d+:\d+: )/gm);
    expect(files).to.deep.equal(['all/below/bad.json', 'all/link.yaml', 'bad.yaml']);
    expect(outcomes.all?.stderr).to.equal('4 policies and 1 other object in 5 files: 3 findings in 3 files\n');
  });

  it('lets no file write to the terminal what is not text', () => {
    expect(outcomes.all?.stdout).not.to.contain('\u001b');
  });

  it('reads stdin', () => {
    expect(outcomes.stdin?.code).to.equal(1);
    expect(outcomes.stdin?.stdout).to.match(/^-:5:9: spec\.mode: /);
  });

  for (const [name, message] of [
    ['missing', 'optipod: nowhere.yaml: no such file or directory'],
    ['latin', 'optipod: latin.yaml: is not UTF-8'],
    ['utf16', 'optipod: -: is not UTF-8'],
    ['nothing', "missing required argument 'FILE|DIR|-'"],
    ['format', 'Allowed choices are text, json'],
  ] as const) {
    it(`ends with 2 and says why: ${message}`, () => {
      expect(outcomes[name]?.code).to.equal(2);
      expect(outcomes[name]?.stderr).to.contain(message).and.not.to.contain('    at ');
    });
  }

  it('still says what it found in what it could read', () => {
    expect(outcomes.missing?.stdout).to.contain('bad.yaml:5:9: spec.mode: ');
  });

  function validate(args: readonly string[], input: string | Uint8Array = ''): Promise<Outcome> {
    return optipod(['validate', ...args], { cwd: folder, input });
  }
});
