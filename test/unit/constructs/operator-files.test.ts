import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'cdk8s';
import { expect } from 'chai';
import { OptiPod, type OptiPodProps } from '../../../constructs/install.js';
import { operatorSettings } from '../../../operator/settings.js';
import { deploymentsIn, find, synth } from './synth.js';

const FILES: OptiPodProps = {
  operatorSettings: { prometheusUsername: 'optipod' },
  operatorFiles: {
    prometheusPassword: { secret: 'prometheus', key: 'password' },
    prometheusCaFile: { configMap: 'authority', key: 'ca.crt' },
    customToken: { secret: 'usage', key: 'token' },
  },
};

describe('files of the operator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'operator-files-'));
  after(() => rmSync(folder, { recursive: true }));

  const manifests = synth(FILES);
  const [operator, webhook] = deploymentsIn(manifests);
  const [container] = operator?.spec.template.spec.containers ?? [];

  it('B-OPR-4 are mounted where the operator is told that they are, secrets by variables, others by its settings', () => {
    const { data } = find(manifests, 'ConfigMap', 'optipod') as unknown as { data: Record<string, string> };
    const mounted = container?.volumeMounts?.find(({ name }) => name === 'files')?.mountPath ?? '';
    // The pod's folder, as far as this process can have it.
    const here = (text = '') => text.replaceAll(mounted, folder);
    for (const name of Object.keys(FILES.operatorFiles ?? {})) writeFileSync(join(folder, name), 'content');
    writeFileSync(join(folder, 'settings.json'), here(data['settings.json']));
    const variables = (container?.env ?? []).filter(({ name }) => name !== 'OPTIPOD_CONFIG');
    const env = Object.fromEntries(variables.map(({ name, value }) => [name, here(value)]));
    expect(operatorSettings({ env, argv: ['--config', join(folder, 'settings.json')] })).to.deep.include({
      prometheusUsername: 'optipod',
      prometheusPassword: { file: join(folder, 'prometheusPassword') },
      prometheusCaFile: join(folder, 'prometheusCaFile'),
      customToken: { file: join(folder, 'customToken') },
    });
    expect(operator?.spec.template.spec.volumes?.find(({ name }) => name === 'files')).to.deep.equal({
      name: 'files',
      projected: {
        sources: [
          { secret: { name: 'usage', items: [{ key: 'token', path: 'customToken' }] } },
          { configMap: { name: 'authority', items: [{ key: 'ca.crt', path: 'prometheusCaFile' }] } },
          { secret: { name: 'prometheus', items: [{ key: 'password', path: 'prometheusPassword' }] } },
        ],
      },
    });
  });

  it('B-OPR-5 take no right to Secrets, and are nothing to the webhook', () => {
    expect(webhook).to.deep.equal(deploymentsIn(synth())[1]);
    const roles = (of: typeof manifests) => of.filter(({ kind }) => /^(Cluster)?Role$/.test(kind));
    expect(roles(manifests)).to.deep.equal(roles(synth()));
  });

  it('have no volume where there are none', () => {
    const { volumes } = deploymentsIn(synth())[0]?.spec.template.spec ?? {};
    expect(volumes).to.deep.equal([{ name: 'settings', configMap: { name: 'optipod' } }]);
  });

  for (const [props, message] of [
    [
      { operatorFiles: { prometheusUrl: { secret: 'a', key: 'b' } } as object },
      'prometheusUrl in operatorFiles is no setting that comes from a file; there are customCaFile, customCertFile',
    ],
    [
      { operatorFiles: { prometheusToken: { secret: 'My_Secret', key: 'token' } } },
      'the file prometheusToken, secret: "My_Secret" is wrong',
    ],
    [
      { operatorFiles: { customCaFile: { configMap: 'ca', key: '../ca.crt' } } },
      'the file customCaFile, key: "../ca.crt" is no key; it must consist of',
    ],
    [
      {
        operatorSettings: { customCaFile: '/ca.crt' },
        operatorFiles: { customCaFile: { configMap: 'ca', key: 'ca.crt' } },
      },
      'customCaFile is in operatorSettings and in operatorFiles; give it once',
    ],
    [
      { operatorSettings: { prometheusToken: 'x' } as object },
      'give it in OPTIPOD_PROMETHEUS_TOKEN or, as a file, in OPTIPOD_PROMETHEUS_TOKEN_FILE',
    ],
  ] satisfies (readonly [OptiPodProps, string])[]) {
    it(`refuses ${JSON.stringify(props)}`, () => {
      expect(() => new OptiPod(new App(), 'optipod', props)).to.throw(message);
    });
  }
});
