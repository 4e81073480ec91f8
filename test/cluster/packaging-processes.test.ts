import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../tools/run.js';
import { built } from '../support/packed.js';

/** Not among the unit tests because it takes a build; needs no cluster. */
describe('the packages of the processes', function () {
  this.timeout(300_000);
  before(() => built());

  for (const folder of ['operator', 'webhook']) {
    it(`${folder}: loads nothing that it does not bring, and no client that needs an override`, () => {
      const { dependencies } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
        dependencies: Record<string, string>;
      };
      expect(dependencies).not.to.have.property('@kubernetes/client-node');
      const loaded = filesIn(join(ROOT, folder, 'dist')).flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) .*?from ["']([^."'][^"']*)["']/gm)].map(
          ([, name = '']) => packageOf(name),
        ),
      );
      expect(new Set(loaded.filter((name) => !isBuiltin(name))))
        .to.have.property('size')
        .that.is.greaterThan(1);
      expect(loaded.filter((name) => !isBuiltin(name) && !(name in dependencies))).to.deep.equal([]);
    });
  }

  it('the operator reads a kubeconfig with the undici that it brings', () => {
    const source = readFileSync(join(ROOT, 'operator/dist/runtime/kubeconfig-client.js'), 'utf8');
    expect(source).to.match(/from "undici"/);
    expect(source).not.to.match(/(from|import\()\s*["']@kubernetes\/client-node/);
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => join(folder, file));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}
