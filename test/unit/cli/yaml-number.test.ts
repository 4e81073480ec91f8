import { expect } from 'chai';
import { readNumber } from '../../../cli/validation/yaml-number.js';

describe('optipod validate: numbers in YAML', () => {
  // What kubectl makes of more of them is asked of kubectl, on a cluster.
  for (const [text, value] of [
    ['1.0', 1],
    ['1e3', 1000],
    ['+.5', 0.5],
    ['0777', 511],
    ['0o17', 15],
    ['-0o17', -15],
    ['08', 8],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['.5_0', 0.5],
    ['18446744073709551615', 2 ** 64],
  ] as const) {
    it(`reads ${text} as ${String(value)}`, () => expect(readNumber(text)).to.equal(value));
  }

  for (const text of [
    '5m',
    '1:30',
    '0x',
    '1e',
    '1e999',
    '._5',
    '0x1FFFFFFFFFFFFFFFF',
    '-0xFFFFFFFFFFFFFFFF',
    '1.2.3',
  ]) {
    it(`leaves ${text} what it is`, () => expect(readNumber(text)).to.equal(text));
  }
});
