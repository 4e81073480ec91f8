import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleImage } from '../../../tools/bundle.js';
import { bundled } from '../../support/bundled.js';

describe('the image', () => {
  let folder: string;
  let programs: ReadonlyMap<string, string>;

  before(async () => {
    folder = await bundled(bundleImage);
    const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
    programs = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  }).timeout(20_000);

  it('has both programs, and nothing that a kubeconfig file needs in what they load', () => {
    expect([...programs.keys()]).to.include.members(['operator.js', 'webhook.js']);
    const loaded = (name: string): string[] => {
      const imports = programs.get(name)?.matchAll(/from\s*"\.\/([^"]+)"/g) ?? [];
      return [name, ...Array.from(imports, ([, other = '']) => other).flatMap(loaded)];
    };
    for (const program of ['operator.js', 'webhook.js']) {
      const all = loaded(program);
      expect(all.length, program).to.be.above(1);
      expect(all.filter((name) => name.startsWith('kubeconfig-client'))).to.deep.equal([]);
    }
  });

  it('has no character in its programs for which Node.js would hold their text in two bytes for each', () => {
    for (const [name, text] of programs) {
      const beyond = /.{0,40}[\u0100-\uffff].{0,10}/.exec(text);
      expect(beyond?.[0], name).to.equal(undefined);
    }
  });

  it('names the licences of what is bundled', () => {
    const notes = readdirSync(folder).filter((name) => name.endsWith('.LEGAL.txt'));
    expect(notes.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')).to.match(/MIT|license/i);
  });
});
