import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import { OptimizationPolicy } from '../../../lib/api/index.js';
import { parseQuantity } from '../../../lib/kube/index.js';
import { generatedDocs } from '../../../tools/generate-docs.js';
import { editorSchema } from '../../../tools/generate-json-schema.js';

const ROOT = join(import.meta.dirname, '../../..');

describe('the reference in docs/', () => {
  it('is what npm run generate makes of the definitions', async function () {
    this.timeout(30_000);
    for (const { path, text } of await generatedDocs()) {
      expect(await readFile(join(ROOT, path), 'utf8'), `${path}: run npm run generate`).to.equal(text);
    }
  });

  it('explains every reason that a condition of a policy is given', async () => {
    const page = await readFile(join(ROOT, 'docs/reference/conditions.md'), 'utf8');
    const source = await readFile(join(ROOT, 'operator/policies/conditions.ts'), 'utf8');
    const said = [...source.matchAll(/\b(?:reason|type): '([A-Za-z]+)'/g)].map(([, word = '']) => word);
    expect(said).to.include.members(['Ready', 'PolicyActive']);
    expect([...new Set(said)].filter((word) => !page.includes(`\`${word}\``))).to.deep.equal([]);
  });
});

describe('the JSON Schema for editors', () => {
  const schema = editorSchema(OptimizationPolicy);
  const validate = new Ajv({ strict: false }).compile(schema);

  it('takes every policy of the examples', async () => {
    const files = await readdir(join(ROOT, 'examples'), { recursive: true });
    let policies = 0;
    for (const file of files.filter((name) => name.endsWith('.yaml'))) {
      const text = await readFile(join(ROOT, 'examples', file), 'utf8');
      if (!text.includes('kind: OptimizationPolicy')) continue;
      expect(validate(parse(text)), `${file}: ${JSON.stringify(validate.errors)}`).to.equal(true);
      policies += 1;
    }
    expect(policies).to.be.at.least(7);
  });

  const mistakes: readonly (readonly [string, (spec: Record<string, unknown>) => void])[] = [
    ['an unknown field', (spec) => (spec.metricConfig = {})],
    ['a value that is none of the enum', (spec) => (spec.mode = 'auto')],
    ['a number out of range', (spec) => (spec.weight = 0)],
    ['what is no duration', (spec) => (spec.reconciliationInterval = '7 days')],
    ['what is no quantity', (spec) => (spec.resourceBounds = bounds('1 Gi'))],
    ['a fraction without quotes', (spec) => (spec.resourceBounds = bounds(0.5))],
    ['a required field that is not there', (spec) => delete spec.updateStrategy],
  ];
  for (const [what, change] of mistakes) {
    it(`marks ${what}`, async () => {
      const policy = parse(await readFile(join(ROOT, 'examples/01-six-lines/policy.yaml'), 'utf8')) as {
        spec: Record<string, unknown>;
      };
      change(policy.spec);
      expect(validate(policy)).to.equal(false);
    });
  }

  it('marks no quantity that kube-apiserver takes', () => {
    const spelling = fc.stringMatching(/^[+-]?[0-9]{1,4}(\.[0-9]{0,3})?(m|k|M|G|Ki|Mi|Gi|e[+-]?[0-9]|E[0-9])?$/);
    fc.assert(
      fc.property(spelling, (text) => {
        const policy = { ...BASE, spec: { ...BASE.spec, resourceBounds: bounds(text) } };
        expect(validate(policy)).to.equal(parseQuantity(text) !== undefined);
      }),
    );
  });
});

function bounds(min: unknown) {
  return { cpu: { min, max: 4 }, memory: { min: '64Mi', max: '8Gi' } };
}

const BASE = {
  apiVersion: 'optipod.io/v1alpha1',
  kind: 'OptimizationPolicy',
  metadata: { name: 'web' },
  spec: { mode: 'Auto', selector: {}, updateStrategy: {}, metricsConfig: { provider: 'prometheus' } },
};
