import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Chart, Testing } from 'cdk8s';
import { expect } from 'chai';
import { OptimizationPolicy as Construct } from 'optipod';
import { crd, defineResource, validatorOf, type Rule, type Schema } from 'optipod/kube';
import { OptimizationPolicy, policyValidator } from 'optipod/lib/api';
import { judge } from '../../../cli/validation/findings.js';

const root = join(import.meta.dirname, '../../..');

const spec = {
  mode: 'Recommend',
  selector: { namespaces: { allow: ['web'] } },
  metricsConfig: { provider: 'prometheus' },
  resourceBounds: { cpu: { min: '100m', max: '4' }, memory: { min: '64Mi', max: '8Gi' } },
  updateStrategy: {},
} as const;
const policy = { apiVersion: 'optipod.io/v1alpha1', kind: 'OptimizationPolicy', metadata: { name: 'web' }, spec };

/** The API, with one rule of the selector more strict than it is. */
const TEXT = 'name the namespaces that are to be left alone';
const stricter = defineResource({
  ...OptimizationPolicy,
  spec: changed(OptimizationPolicy.spec, 'selector', (selector) => ({
    ...selector,
    'x-kubernetes-validations': [{ rule: 'has(self.namespaces.deny)', message: TEXT }],
  })),
});

describe('B-API-9 the text of a rule exists once', () => {
  it('and the CRD follows it', () => {
    const rulesIn = (resource: typeof stricter) => JSON.stringify(crd(resource)).split(TEXT).length - 1;
    expect([rulesIn(OptimizationPolicy), rulesIn(stricter)]).to.deep.equal([0, 1]);
  });

  it('and the validator follows it', () => {
    expect(policyValidator.validate(policy)).to.deep.equal([]);
    expect(messages(validatorOf(stricter).validate(policy))).to.deep.equal([`Invalid value: ${TEXT}`]);
  });

  it('and the command follows it', () => {
    const text = JSON.stringify(policy);
    expect(judge('policy.yaml', text).findings).to.deep.equal([]);
    const rulebook = { resource: stricter, validator: validatorOf(stricter) };
    expect(messages(judge('policy.yaml', text, rulebook).findings)).to.deep.equal([`Invalid value: ${TEXT}`]);
  });

  it('and the construct follows it, for it asks the validator', () => {
    const synth = () => {
      const chart = new Chart(new App(), 'chart');
      new Construct(chart, 'web', spec);
      Testing.synth(chart);
    };
    const original = { ...policyValidator };
    expect(synth).not.to.throw();
    Object.assign(policyValidator, validatorOf(stricter));
    try {
      expect(synth).to.throw(TEXT);
    } finally {
      Object.assign(policyValidator, original);
    }
  });

  it('in one source file', () => {
    const sources = ['lib', 'constructs', 'operator', 'webhook', 'cli'].flatMap(sourcesIn);
    for (const { message } of rulesOf(OptimizationPolicy.spec)) {
      // Enough to know it again; what follows may be composed.
      const start = message.split(' ').slice(0, 4).join(' ');
      expect(sources.filter((text) => text.includes(start)).length, start).to.equal(1);
    }
    for (const name of ['isQuantity(', 'compareTo(', 'isGreaterThan(', 'self.operator']) {
      const files = sources.filter((text) => text.includes(name) && !text.includes('registerFunction'));
      expect(files.length, name).to.equal(1);
    }
  });
});

const messages = (errors: readonly { readonly message: string }[]) => errors.map(({ message }) => message);

function changed(schema: Schema, name: string, change: (property: Schema) => Schema): Schema {
  return { ...schema, properties: { ...schema.properties, [name]: change(schema.properties?.[name] ?? {}) } };
}

function rulesOf(schema: Schema): readonly Rule[] {
  const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return [
    ...(schema['x-kubernetes-validations'] ?? []),
    ...below.flatMap((child) => (child === undefined ? [] : rulesOf(child))),
  ];
}

function sourcesIn(room: string): string[] {
  const files = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !/(^|\/)(node_modules|dist)\//.test(file))
    .map((file) => readFileSync(join(root, room, file), 'utf8'));
}
