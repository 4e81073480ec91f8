import { expect } from 'chai';
import fc from 'fast-check';
import { policyValidator } from 'optipod/lib/api';
import { defaulter } from '../../../lib/kube/validation/defaults.js';
import type { Schema } from '../../../lib/kube/schema.js';
import { policy } from '../../support/policies/cases.js';

const complete = (object: unknown) => policyValidator.withDefaults(object);

describe('B-API-2 defaults', () => {
  it('are filled in once: a second time changes nothing', () => {
    fc.assert(
      fc.property(policy, (written) => {
        const stored = complete(written);
        expect(complete(stored)).to.deep.equal(stored);
      }),
    );
  });

  it('never change the object that is given', () => {
    fc.assert(
      fc.property(policy, (written) => {
        const before = JSON.stringify(written);
        complete(written);
        expect(JSON.stringify(written)).to.equal(before);
      }),
    );
  });

  const schema: Schema = {
    type: 'object',
    properties: {
      size: { type: 'integer', default: 3 },
      list: {
        type: 'array',
        default: ['a'],
        items: { type: 'object', properties: { on: { type: 'boolean', default: true } } },
      },
      box: {
        type: 'object',
        default: {},
        properties: { deep: { type: 'object', default: {}, properties: { n: { type: 'integer', default: 1 } } } },
      },
      closed: { type: 'object', properties: { n: { type: 'integer', default: 1 } } },
      none: { type: 'string', nullable: true, default: 'x' },
      free: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { n: { type: 'integer', default: 1 } } },
      },
    },
  };

  const withDefaults = defaulter(schema);

  it('inside of defaults are filled in, and none where there is nothing around them', () => {
    expect(withDefaults({})).to.deep.equal({ size: 3, list: ['a'], box: { deep: { n: 1 } }, none: 'x' });
  });

  it('stand in for a null, unless the schema allows one', () => {
    expect(withDefaults({ size: null, closed: null, none: null, list: [], box: { deep: null } })).to.deep.equal({
      size: 3,
      list: [],
      box: { deep: { n: 1 } },
      none: null,
    });
  });

  it('are found in lists and under names that people choose', () => {
    const given = JSON.parse('{"list":[{}],"box":{},"free":{"__proto__":{},"constructor":{}}}') as object;
    const { list, free } = withDefaults(given) as { list: unknown; free: Record<string, unknown> };
    expect(list).to.deep.equal([{ on: true }]);
    expect(Object.getOwnPropertyDescriptor(free, '__proto__')?.value).to.deep.equal({ n: 1 });
    expect(Object.getOwnPropertyDescriptor(free, 'constructor')?.value).to.deep.equal({ n: 1 });
  });

  it('belong to one object alone', () => {
    const one = withDefaults({}) as { box: { deep: { n: number } }; list: string[] };
    one.box.deep.n = 7;
    one.list.push('b');
    expect(withDefaults({})).to.deep.include({ list: ['a'], box: { deep: { n: 1 } } });
  });
});
