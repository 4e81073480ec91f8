import { expect } from 'chai';
import { manifestsYaml } from '../../../constructs/install.js';
import { VERSION } from '../../../constructs/version.js';
import { optipod, type Outcome } from '../../support/command.js';

describe('the command', () => {
  const invocations = {
    version: ['--version'],
    manifests: [
      'manifests',
      '--image',
      'optipod:dev',
      '--namespace',
      'there',
      '--set',
      'prometheusStep=30s',
      'minSamples=5',
      '--file',
      'prometheusToken=secret/prometheus/token',
      'customCaFile=configMap/authority/ca.crt',
    ],
    unknown: ['manifest'],
    policy: ['manifests', '--image-pull-policy', 'Sometimes'],
    setting: ['manifests', '--set', 'prometheusStep'],
    file: ['manifests', '--file', 'prometheusToken=prometheus/token'],
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
      operatorSettings: { prometheusStep: '30s', minSamples: '5' as unknown as number },
      operatorFiles: {
        prometheusToken: { secret: 'prometheus', key: 'token' },
        customCaFile: { configMap: 'authority', key: 'ca.crt' },
      },
    });
    expect(outcomes.manifests).to.deep.equal({ code: 0, stdout: expected, stderr: '' });
  });

  for (const [name, message] of [
    ['unknown', "unknown command 'manifest'"],
    ['policy', 'Allowed choices are Always, IfNotPresent, Never'],
    ['setting', 'It must be NAME=VALUE'],
    ['file', 'It must be NAME=secret/SECRET/KEY or NAME=configMap/CONFIGMAP/KEY'],
    ['refused', 'A in operatorSettings is no setting; there are'],
  ] as const) {
    it(`ends with 2 and says why, on stderr alone: optipod ${invocations[name].join(' ')}`, () => {
      expect(outcomes[name]).to.include({ code: 2, stdout: '' });
      expect(outcomes[name].stderr).to.include(message).and.not.to.include('    at ');
    });
  }
});
