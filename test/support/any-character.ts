import fc from 'fast-check';

/**
 * For `fc.string({ unit })`: any character of Unicode. fast-check's own unit, 'binary', makes a map of all 1.1 million first,
 * which costs a second and 200 MB.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point));
