import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../../operator/metrics/prometheus/decimal.js';
import { readSamplesInARow } from '../../../operator/metrics/prometheus/sample.js';
import { matrixReader, type MatrixEnd } from '../../../operator/metrics/prometheus/matrix.js';
import { SampleRun } from '../../../operator/metrics/sample-run.js';
import { anyCharacter } from '../../support/any-character.js';

interface Series {
  readonly metric: Record<string, string>;
  readonly values?: (readonly [number, string])[];
}

function listed({ instants, values }: SampleRun): [number, number][] {
  return Array.from(instants, (at, index) => [at, values[index] ?? Number.NaN]);
}

/** Reads a text in pieces that end at these places. */
function read(text: string, cuts: readonly number[] = []): { series: Series[]; end: MatrixEnd } {
  const bytes = Buffer.from(text);
  const series: { metric: Record<string, string>; values: [number, string][] }[] = [];
  const reader = matrixReader((labels, samples) => {
    series.push({
      metric: { ...labels },
      values: listed(samples).map(([at, value]) => [at, String(value)]),
    });
  });
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const place of places) {
    reader.write(bytes.subarray(from, place));
    from = place;
  }
  return { series, end: reader.end() };
}

/** JSON with white space wherever there may be some, and with letters escaped. */
function spelled(json: unknown, { space, escape }: { space: string; escape: boolean }): string {
  const text = (value: string) => {
    const plain = JSON.stringify(value);
    return escape && !plain.includes('\\') ? plain.replaceAll(/[a-z0-9]/g, escaped) : plain;
  };
  const write = (value: unknown): string => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return `[${space}${value.map(write).join(`${space},${space}`)}${space}]`;
    if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}${space}:${space}${write(one)}`);
      return `{${space}${members.join(`${space},${space}`)}${space}}`;
    }
    return JSON.stringify(value);
  };
  return `${space}${write(json)}${space}`;
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** As strconv writes floats: up to 17 digits, and what is not finite. */
const value = fc.oneof(
  fc.double({ min: 0, max: 1e12, noNaN: true }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer({ min: 0, max: 2 ** 40 }).map(String),
  fc.constantFrom('NaN', '+Inf', '-Inf', '0', '-0', '1e-07', '1.5E+21'),
);
const instant = fc.oneof(
  fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }),
  fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }).map((ms) => ms / 1000),
);
const series = fc.record({
  metric: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: anyCharacter }), { noNullPrototype: true }),
  values: fc.array(fc.tuple(instant, value), { maxLength: 8 }),
});
const noise = fc.jsonValue({ maxDepth: 3 });

const answer = fc
  .record({
    result: fc.array(series, { maxLength: 5 }),
    stats: noise,
    warnings: fc.array(fc.string()),
    mirrored: fc.boolean(),
  })
  .map(({ result, stats, warnings, mirrored }) => {
    const ordered = result.map(({ metric, values }, index) =>
      mirrored ? { values, histograms: [[index, { count: '1' }]], metric } : { metric, values },
    );
    const data = mirrored
      ? { stats, result: ordered, resultType: 'matrix' }
      : { resultType: 'matrix', result: ordered, stats };
    return mirrored ? { warnings, data, infos: warnings, status: 'success' } : { status: 'success', data, warnings };
  });

describe('Prometheus’ answers', () => {
  it('B-MET-2 are read as JSON.parse reads them, however they are spelled and wherever they are cut', () => {
    const spelling = fc.record({ space: fc.constantFrom('', ' ', '\n', '\r\n\t '), escape: fc.boolean() });
    const cuts = fc.array(fc.nat(), { maxLength: 20 });
    fc.assert(
      fc.property(answer, spelling, cuts, (json, how, places) => {
        const text = spelled(json, how);
        const { result } = (JSON.parse(text) as { data: { result: Series[] } }).data;
        const got = read(text, places);
        expect(got.end).to.deep.equal({ status: 'success', error: undefined, isMatrix: true, isPartial: false });
        expect(got.series.map(({ metric }) => metric)).to.deep.equal(result.map(({ metric }) => metric));
        for (const [index, { values = [] }] of result.entries()) {
          const read = got.series[index]?.values ?? [];
          expect(read.map(([at]) => at)).to.deep.equal(values.map(([at]) => at));
          for (const [which, [, written]] of values.entries()) expectSame(Number(read[which]?.[1]), written);
        }
      }),
    );
  });

  it('B-MET-10 that are cut short anywhere are no answers', () => {
    fc.assert(
      fc.property(answer, fc.nat(), fc.array(fc.nat(), { maxLength: 3 }), (json, length, places) => {
        const text = JSON.stringify(json);
        expect(() =>
          read(
            Buffer.from(text)
              .subarray(0, length % Buffer.from(text).length)
              .toString('latin1'),
            places,
          ),
        ).to.throw(SyntaxError);
      }),
    );
  });

  for (const [what, rest] of [
    ['one in another spelling', ',[180,"NaN"],[240,"4"]],'],
    ['one with white space', ', [180,"3"]'],
    ['one that is cut', ',[180,"3"'],
    ['the end', ']}'],
  ] as const) {
    it(`B-MET-3 samples are read in a row, up to ${what}`, () => {
      const [before, row] = ['"values":[', '[60,"1"],[120.5,"-0.25"]'];
      const taken = new SampleRun();
      const bytes = Buffer.from(`${before}${row}${rest}`);
      const end = readSamplesInARow(bytes, before.length, taken);
      expect(listed(taken)).to.deep.equal([
        [60, 1],
        [120.5, -0.25],
      ]);
      expect(end).to.equal(before.length + row.length);
    });
  }

  it('B-MET-2 numbers of up to 15 digits are exact', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 15 - 1 }), fc.nat({ max: 15 }), (digits, places) => {
        const text = String(digits).padStart(places + 1, '0');
        const written = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
        const bytes = Buffer.from(`x${written},`);
        expect(decimal(bytes, 1, bytes.length - 1)).to.equal(Number(written));
      }),
    );
  });

  for (const [what, text] of [
    ['a vector', '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}'],
    ['no data', '{"status":"success"}'],
    ['a result that is no list', '{"status":"success","data":{"resultType":"matrix","result":{}}}'],
  ] as const) {
    it(`${what} is no matrix`, () => expect(read(text).end.isMatrix).to.equal(false));
  }

  it('tell of a failure, and of storage that is away', () => {
    expect(read('{"status":"error","errorType":"execution","error":"too \\"many\\""}').end).to.include({
      status: 'error',
      error: 'too "many"',
    });
    expect(
      read('{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}').end.isPartial,
    ).to.equal(true);
  });

  const matrix = (result: string) => `{"status":"success","data":{"resultType":"matrix","result":[${result}]}}`;
  for (const [what, text] of [
    ['a web page', '<!doctype html>'],
    ['nothing', ''],
    ['series that are null', matrix('null')],
    ['labels that are no object', matrix('{"metric":[],"values":[]}')],
    ['series without labels', matrix('{"values":[[1,"2"]]}')],
    ['values that are a number', matrix('{"metric":{},"values":7}')],
    ['samples of three', matrix('{"metric":{},"values":[[1,"2","3"]]}')],
    ['samples of one', matrix('{"metric":{},"values":[[1]]}')],
    ['samples that are words', matrix('{"metric":{},"values":[[1,"many"]]}')],
    ['empty samples', matrix('{"metric":{},"values":[[1,""]]}')],
    ['hexadecimal samples', matrix('{"metric":{},"values":[[1,"0x10"]]}')],
    ['a comma too many', matrix('{"metric":{},"values":[[1,"2"],]}')],
    ['a bracket that was never opened', `${matrix('')}]`],
    ['a second answer', `${matrix('')}${matrix('')}`],
    ['brackets that cross', '{"status":["success"}]'],
    ['a key without a value', '{"status"}'],
    ['a word that JavaScript knows', '{"status":constructor}'],
    ['samples that JavaScript knows', matrix('{"metric":{},"values":[[1,"constructor"]]}')],
    ['a wrong word', '{"status":success}'],
  ] as const) {
    it(`B-MET-10 ${what}: no answer`, () => expect(() => read(text)).to.throw(SyntaxError));
  }
});

/** Within two units in the last place. */
function expectSame(read: number, written: string): void {
  const wanted = written.endsWith('Inf') ? (written.startsWith('-') ? -Infinity : Infinity) : Number(written);
  if (Number.isFinite(wanted)) expect(Math.abs(read - wanted)).to.be.at.most(Math.abs(wanted) * 2 ** -51);
  else expect(read).to.deep.equal(wanted);
}
