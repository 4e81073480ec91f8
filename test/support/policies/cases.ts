import fc from 'fast-check';
import { envelope } from './envelopes.js';
import type { Json } from './json.js';
import { mutate, mutation } from './mutations.js';
import { spec } from './specs.js';

/** Policies as people and machines might write them: good ones, ones with a mistake or four, ones that are hardly objects. */
export const policy: fc.Arbitrary<Json> = fc
  .tuple(
    spec,
    fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 4 }) },
    ),
    fc.option(envelope, { freq: 6 }),
  )
  .map(([valid, mutations, wrap]) => {
    const plain = JSON.parse(JSON.stringify(valid)) as Record<string, Json>;
    const written = {
      apiVersion: 'optipod.io/v1alpha1',
      kind: 'OptimizationPolicy',
      metadata: { name: 'generated' },
      spec: mutations.reduce<Json>(mutate, plain),
    };
    return wrap ? wrap(written) : written;
  });
