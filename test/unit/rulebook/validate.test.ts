import { expect } from 'chai';
import fc from 'fast-check';
import { OptimizationPolicy, policyValidator } from 'optipod/lib/api';
import { childPath, defineResource, validatorOf, type Schema } from 'optipod/kube';
import { policy } from '../../support/policies/cases.js';

const linesOf = (schema: Schema, spec: unknown) =>
  validatorOf(defineResource({ ...OptimizationPolicy, kind: 'Box', spec: schema }))
    .validate({ apiVersion: 'optipod.io/v1alpha1', kind: 'Box', metadata: { name: 'box' }, spec })
    .map(({ path, message }) => `${path}: ${message}`);

describe('B-API-9 the validator', () => {
  it('never throws and never changes what it is given, whatever JSON that is', () => {
    const names = fc.constantFrom(
      'spec',
      'metadata',
      'apiVersion',
      'kind',
      '__proto__',
      'constructor',
      'toString',
      'length',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.array(tie('tree')),
        fc.dictionary(fc.oneof(names, fc.string()), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(tree, policy), (given) => {
        const before = JSON.stringify(given);
        for (const unknownFields of ['refuse', 'ignore'] as const) policyValidator.validate(given, { unknownFields });
        expect(JSON.stringify(given)).to.equal(before);
      }),
    );
  });

  it('says the same of an object a second time', () => {
    fc.assert(
      fc.property(policy, (given) => {
        expect(policyValidator.validate(given)).to.deep.equal(policyValidator.validate(given));
      }),
    );
  });

  it('says of a stored object what it says of the same object as written, type, metadata and unknown fields apart', () => {
    fc.assert(
      fc.property(policy, (given) => {
        const refused = policyValidator.validate(given);
        if (refused.length === 0)
          expect(policyValidator.validate(given, { unknownFields: 'ignore' })).to.deep.equal([]);
      }),
    );
  });

  it('is at home in objects nested a thousand times', () => {
    const deep = JSON.parse('{"spec":'.repeat(1000) + '1' + '}'.repeat(1000)) as object;
    expect(policyValidator.validate({ ...deep, apiVersion: 'optipod.io/v1alpha1', kind: 'OptimizationPolicy' })).to.not
      .be.empty;
  });

  it('looks at nothing else of an object of another kind or version', () => {
    const errors = policyValidator.validate({ apiVersion: 'optipod.io/v1', spec: 1 });
    expect(errors.map(({ path, message }) => `${path}: ${message}`)).to.deep.equal([
      'apiVersion: Invalid value: "optipod.io/v1": must be optipod.io/v1alpha1',
      'kind: Required value: must be OptimizationPolicy',
    ]);
  });

  it('tells lists from maps in paths, and names fields as they are written', () => {
    const map: Schema = { type: 'object', additionalProperties: { type: 'string' } };
    expect(linesOf(map, { 0: 1, 'a/b~c': 2 })).to.deep.equal([
      'spec.0: Invalid value: "integer": spec.0 in body must be of type string: "integer"',
      'spec.a/b~c: Invalid value: "integer": spec.a/b~c in body must be of type string: "integer"',
    ]);
    expect(childPath(childPath('', 'spec'), 3)).to.equal('spec[3]');
  });

  it('names a set’s repeated items where they appear for the second time', () => {
    const set: Schema = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
    expect(linesOf(set, ['a', 'b', 'a', 'a', 'b'])).to.deep.equal([
      'spec[2]: Duplicate value: "a"',
      'spec[4]: Duplicate value: "b"',
    ]);
  });

  it('B-API-9 refuses numbers that JSON has not, wherever a number may be, and does not say to quote them', () => {
    const schema: Schema = {
      type: 'object',
      properties: {
        factor: { type: 'number' },
        weight: { type: 'integer', format: 'int32' },
        bound: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      },
    };
    for (const n of [Infinity, -Infinity, NaN]) {
      expect(linesOf(schema, { factor: n, weight: n, bound: n })).to.deep.equal(
        [
          ['factor', 'number'],
          ['weight', 'integer'],
          ['bound', 'integer,string'],
        ].map(
          ([field, type]) =>
            `spec.${field}: Invalid value: "${n}": spec.${field} in body must be of type ${type}: "${n}"`,
        ),
      );
    }
  });

  it('takes for an integer what kube-apiserver does, and for a number in a rule what CEL does', () => {
    const rule = { rule: 'int(string(self)) > 1', message: 'more', fieldPath: '.elsewhere' };
    const schema: Schema = {
      type: 'object',
      properties: {
        n: { type: 'integer' },
        small: { type: 'integer', format: 'int32' },
        either: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        judged: { type: 'integer', 'x-kubernetes-validations': [rule] },
      },
    };
    // 2 ** 63 is what JavaScript makes of the largest int64.
    for (const n of [2, -2, 0, 2 ** 53, 2 ** 63]) expect(linesOf(schema, { n }), String(n)).to.deep.equal([]);
    for (const n of [2.5, 2.000000001, -2.000000001, 0.000000001, 1.999999999, 2.00000001, 2 ** 63 + 2048, 1e300]) {
      expect(linesOf(schema, { n }), String(n)).not.to.deep.equal([]);
    }
    expect(linesOf(schema, { small: 2.5 })).to.deep.equal([
      'spec.small: Invalid value: "float64": spec.small in body must be of type int32: "float64"',
    ]);
    for (const small of [2 ** 31, 2.000000001]) {
      const message = `Invalid value: ${String(small)}: spec.small in body must be of type integer with format int32`;
      expect(linesOf(schema, { small })).to.deep.equal([`spec.small: ${message}`]);
    }
    expect(linesOf(schema, { either: 2.000000001, judged: 2 })).to.deep.equal([]);
    expect(linesOf(schema, { judged: 2.000000001 })).to.deep.equal([
      'spec.judged: Invalid value: 2.000000001: spec.judged in body must be of type integer with format int64',
      'spec.judged: Invalid value: 2.000000001: more',
    ]);
    expect(linesOf(schema, { judged: 1 })).to.deep.equal(['spec.judged.elsewhere: Invalid value: 1: more']);
  });

  it('evaluates no rule where the shape is wrong, and every rule where it is right', () => {
    const schema: Schema = {
      type: 'object',
      required: ['n'],
      properties: { n: { type: 'integer' } },
      'x-kubernetes-validations': [
        { rule: 'self.n > 0', message: 'must be positive', fieldPath: '.n' },
        { rule: 'self.n / 0 > 0', message: 'cannot be evaluated' },
      ],
    };
    expect(linesOf(schema, {})).to.deep.equal(['spec.n: Required value']);
    expect(linesOf(schema, { n: 0 })).to.deep.equal([
      'spec.n: Invalid value: must be positive',
      'spec: Invalid value: cannot be evaluated',
    ]);
  });

  it('names every unknown field, also in lists, and none of those that a map may have', () => {
    const schema: Schema = {
      type: 'object',
      properties: {
        list: { type: 'array', items: { type: 'object' } },
        map: { type: 'object', additionalProperties: { type: 'string' } },
      },
    };
    const given = JSON.parse('{"lst":[],"list":[{"a":1}],"map":{"any":"x","__proto__":"x"},"__proto__":1}') as object;
    expect(linesOf(schema, given)).to.deep.equal([
      'spec.lst: unknown field "spec.lst"',
      'spec.list[0].a: unknown field "spec.list[0].a"',
      'spec.__proto__: unknown field "spec.__proto__"',
    ]);
  });
});
