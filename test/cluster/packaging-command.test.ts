import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { built } from '../support/packed.js';

const COMMAND = join(import.meta.dirname, '../../dist/cli/optipod.js');

const GOOD = `apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata: { name: web }
spec:
  mode: Recommend
  selector: { workloadTypes: { include: [Deployment] } }
  metricsConfig: { provider: prometheus }
  resourceBounds: { cpu: { min: 50m, max: 4 }, memory: { min: 64Mi, max: 8Gi } }
  updateStrategy: {}
`;

const FINDING = `bad.yaml:8:33: spec.resourceBounds.cpu.min: Invalid value: min must be less than or equal to max
  8 |   resourceBounds: { cpu: { min: 50m, max: 10m }, memory: { min: 64Mi, max: 8Gi } }
    |                                 ^
`;

/** Not among the unit tests because it takes a build; needs no cluster. */
describe('the built command: optipod validate', function () {
  this.timeout(180_000);
  let folder = '';

  before(async () => {
    await built();
    folder = await mkdtemp(join(tmpdir(), 'optipod-command-'));
    await writeFile(join(folder, 'good.yaml'), GOOD);
    await writeFile(join(folder, 'bad.yaml'), GOOD.replace('max: 4', 'max: 10m'));
  });

  after(async () => {
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });

  it('ends with 0 for a good policy', async () => {
    const stderr = '1 policy in 1 file: nothing to complain about\n';
    expect(await validate('good.yaml')).to.deep.equal({ code: 0, stdout: '', stderr });
  });

  it('ends with 1 for a bad one', async () => {
    const stderr = '2 policies in 2 files: 1 finding in 1 file\n';
    expect(await validate('good.yaml', 'bad.yaml')).to.deep.equal({ code: 1, stdout: FINDING, stderr });
  });

  it('ends with 2 for what is not there, and says what it found elsewhere', async () => {
    const { code, stdout, stderr } = await validate('gone.yaml', 'bad.yaml');
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: FINDING });
    expect(stderr).to.match(/^optipod: gone\.yaml: no such file or directory\n/);
  });

  /** As a shell starts it. */
  async function validate(...args: readonly string[]) {
    try {
      return { code: 0, ...(await promisify(execFile)(COMMAND, ['validate', ...args], { cwd: folder })) };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  }
});
