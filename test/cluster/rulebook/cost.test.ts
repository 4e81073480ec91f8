import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { orSkip } from '../../kit/extras.js';
import { ensurePrograms } from '../../kit/programs.js';

interface Report {
  /** `share` is the part of kube-apiserver's limit for one rule. */
  readonly rules: readonly { readonly path: string; readonly rule: string; readonly share: number }[];
  /** And of its limit for all rules of a version. */
  readonly schemas: readonly { readonly version: string; readonly share: number }[];
}

const CRDS = join(import.meta.dirname, '../../../imports/crds');

describe('B-API-3 what the rules cost, by the estimate of kube-apiserver', () => {
  let program: string;

  before(async function () {
    program = await orSkip(
      this,
      async () => (await ensurePrograms(['cel-cost'], { progress: () => undefined })).get('cel-cost') ?? '',
    );
  });

  for (const file of readdirSync(CRDS).filter((name) => name.endsWith('.yaml'))) {
    it(`${file}: every rule stays under half of its limit, and all together under half of the schema's`, () => {
      const { rules, schemas } = JSON.parse(execFileSync(program, [join(CRDS, file)], { encoding: 'utf8' })) as Report;
      expect(rules.filter(({ share }) => share >= 0.5)).to.deep.equal([]);
      expect(schemas.filter(({ share }) => share >= 0.5)).to.deep.equal([]);
      expect(schemas).to.have.length.at.least(1);
    });
  }
});
