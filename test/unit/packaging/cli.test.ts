import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { manifestsYaml } from '../../../constructs/install.js';
import { VERSION } from '../../../constructs/version.js';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command', () => {
  const invocations = {
    version: ['--version'],
    manifests: ['manifests', '--image', 'optipod:dev', '--namespace', 'there', '--set', 'OPTIPOD_A=x=y', 'OPTIPOD_B='],
    unknown: ['manifest'],
    policy: ['manifests', '--image-pull-policy', 'Sometimes'],
    setting: ['manifests', '--set', 'OPTIPOD_A'],
    refused: ['manifests', '--set', 'A=1'],
  };
  let outcomes: Record<keyof typeof invocations, Outcome>;

  before(async () => {
    // All at once: what takes time is starting Node.js.
    const entries = await Promise.all(
      Object.entries(invocations).map(async ([name, args]) => [name, await optipod(args)] as const),
    );
    outcomes = Object.fromEntries(entries) as typeof outcomes;
  });

  it('says its version', () => {
    expect(outcomes.version).to.deep.equal({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('prints the manifests of an installation as it is told', () => {
    const expected = manifestsYaml({
      image: 'optipod:dev',
      namespace: 'there',
      operatorSettings: { OPTIPOD_A: 'x=y', OPTIPOD_B: '' },
    });
    expect(outcomes.manifests).to.deep.equal({ code: 0, stdout: expected, stderr: '' });
  });

  for (const [name, message] of [
    ['unknown', "unknown command 'manifest'"],
    ['policy', 'Allowed choices are Always, IfNotPresent, Never'],
    ['setting', 'It must be NAME=VALUE'],
    ['refused', '"A" is no environment variable of the operator'],
  ] as const) {
    it(`ends with 2 and says why, on stderr alone: optipod ${invocations[name].join(' ')}`, () => {
      expect(outcomes[name]).to.include({ code: 2, stdout: '' });
      expect(outcomes[name].stderr).to.include(message).and.not.to.include('    at ');
    });
  }
});

function optipod(args: readonly string[]): Promise<Outcome> {
  const main = join(import.meta.dirname, '../../../cli/main.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', main, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
