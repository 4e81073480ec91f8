import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { decode, encode, isSamePart, type NamedPart, PART_BYTES } from '../../../../operator/journal/format.js';
import { nameOf, partOf } from '../../../../operator/journal/names.js';
import type { JournalRecord, Slot } from '../../../../operator/journal/record.js';

const kind = fc.constantFrom('interval' as const, 'segment' as const);
const provider = fc.constantFrom('metrics-server', 'custom', 'a-i-1-2-3');
const span = fc.tuple(fc.nat(4e9), fc.integer({ min: 1, max: 90_000 })).map(([from, n]) => ({ from, to: from + n }));
const record = fc
  .tuple(span, fc.uint8Array({ maxLength: 300 }))
  .map(([{ from, to }, bytes]): JournalRecord => ({ from, to, bytes }));

const slot: Slot = { kind: 'segment', from: 3600, to: 7200 };
/** More than two parts' worth that cannot be compressed. */
const large: JournalRecord = { from: slot.from, to: slot.to, bytes: randomBytes(2 * PART_BYTES + 1000) };
const encoded = (bytes: Uint8Array) => encode('custom', 'segment', { ...large, bytes });
const problemOf = async (parts: readonly (NamedPart | undefined)[], of = slot) => {
  const decoded = await decode('custom', of, parts);
  return decoded.valid ? undefined : decoded.problem;
};

/** The part with one of its texts changed, or left out. */
function changed(part: NamedPart, field: string, change: (text: string) => string | undefined): NamedPart {
  const within = (texts: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(texts).flatMap(([name, text]) => {
        const next = name === field ? change(text) : text;
        return next === undefined ? [] : [[name, next]];
      }),
    );
  return { ...part, data: within(part.data), binaryData: within(part.binaryData) };
}

const at = (text: string, position: number, replacement: string) =>
  `${text.slice(0, position)}${replacement}${text.slice(position + 1)}`;

describe('the format of kept history', () => {
  it('B-MET-8 comes back as it was written, and is written the same each time', async () => {
    await fc.assert(
      fc.asyncProperty(provider, kind, record, async (whose, of, written) => {
        const parts = await encode(whose, of, written);
        const { from, to } = written;
        const decoded = await decode(whose, { kind: of, from, to }, parts);
        expect(decoded.valid && { ...decoded.record, bytes: Buffer.from(decoded.record.bytes) }).to.deep.equal({
          ...written,
          bytes: Buffer.from(written.bytes),
        });
        const again = await encode(whose, of, written);
        expect(parts.every((part, index) => isSamePart(part, again[index] ?? {}))).to.equal(true);
      }),
    );
  });

  it('is split where a ConfigMap would be too large', async () => {
    const parts = await encode('custom', 'segment', large);
    expect(parts.map(({ name }) => name)).to.deep.equal([
      'optipod-history-custom-s-3600-7200-1',
      'optipod-history-custom-s-3600-7200-2',
      'optipod-history-custom-s-3600-7200-3',
    ]);
    for (const { binaryData } of parts)
      expect(Buffer.from(binaryData?.gzip ?? '', 'base64').length).to.be.within(1, PART_BYTES);
    const decoded = await decode('custom', slot, parts);
    expect(decoded.valid && Buffer.compare(decoded.record.bytes, large.bytes)).to.equal(0);
  });

  it('B-MET-8 is never restored wrong: any byte that is not what it was is noticed', async () => {
    const [part] = await encoded(Buffer.from('what somebody used, over and over, over and over'));
    if (!part) expect.fail();
    const fields = Object.entries({ ...part.data, ...part.binaryData });
    const places = fields.flatMap(([field, text]) => Array.from(text, (_, position) => ({ field, position })));
    for (const { field, position } of places) {
      for (const replacement of ['A', 'Q', '1', '9', '', '=', ' ', '\u0000']) {
        const wrong = changed(part, field, (text) => at(text, position, replacement));
        if (isSamePart(wrong, part)) continue;
        expect(await problemOf([wrong]), `${field} ${position} "${replacement}"`).to.be.a('string');
      }
    }
    for (const [field] of fields) expect(await problemOf([changed(part, field, () => undefined)])).to.be.a('string');
  });

  it('B-MET-8 is never restored wrong: nor with any bit of its bytes flipped, or cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), async (bytes, where, length) => {
        const [part] = await encoded(bytes);
        if (!part) expect.fail();
        const flipped = changed(part, 'gzip', (text) => {
          const content = Buffer.from(text, 'base64');
          const bit = where % (content.length * 8);
          content[bit >> 3] = (content[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          return content.toString('base64');
        });
        expect(await problemOf([flipped])).to.be.a('string');
        const cut = changed(part, 'gzip', (text) => {
          const content = Buffer.from(text, 'base64');
          return content.subarray(0, length % content.length).toString('base64');
        });
        expect(await problemOf([cut])).to.be.a('string');
      }),
    );
  });

  it('B-MET-8 is never restored wrong: parts that are missing, swapped, or of another record', async () => {
    const [one, two, three] = await encoded(large.bytes);
    const [foreign] = await encoded(randomBytes(PART_BYTES * 3 - 100));
    if (!one || !two || !three || !foreign) expect.fail();
    expect(await problemOf([one, two, three])).to.equal(undefined);
    expect(await problemOf([])).to.equal('part 1 is missing');
    expect(await problemOf([undefined, two, three])).to.equal('part 1 is missing');
    expect(await problemOf([one, undefined, three])).to.equal('part 2 of 3 is missing');
    expect(await problemOf([one, two])).to.equal('part 3 of 3 is missing');
    const swapped = [
      [two, one, three],
      [one, three, two],
      [one, two, two],
      [one, { ...two, binaryData: three.binaryData }, { ...three, binaryData: two.binaryData }],
      [foreign, two, three],
      [one, foreign, three],
    ];
    for (const [index, parts] of swapped.entries()) expect(await problemOf(parts), String(index)).to.be.a('string');
  });

  it('B-MET-8 is never restored wrong: nor under the name of another record, or in a format to come', async () => {
    const parts = await encoded(Buffer.from('used'));
    expect(await problemOf(parts)).to.equal(undefined);
    expect(await problemOf(parts, { ...slot, from: 0 })).to.equal('it says from "3600" and is called otherwise');
    expect(await problemOf(parts, { ...slot, to: 9000 })).to.equal('it says to "7200" and is called otherwise');
    expect(await problemOf(parts, { ...slot, kind: 'interval' })).to.match(/says kind "segment"/);
    expect(await decode('other', slot, parts)).to.have.property('valid', false);
    const next = parts.map((part) => changed(part, 'format', () => '2'));
    expect(await problemOf(next)).to.equal('format 2 is unknown');
    expect(await problemOf([{ name: 'strange', data: { hello: 'world' } }])).to.be.a('string');
    expect(await problemOf([{ name: 'empty' }])).to.be.a('string');
  });

  it('is called so that a name says which record it is, and no other name does', () => {
    fc.assert(
      fc.property(provider, kind, span, fc.integer({ min: 1, max: 9 }), (whose, of, { from, to }, part) => {
        const name = nameOf(whose, { kind: of, from, to, part });
        expect(partOf(whose, name)).to.deep.equal({ kind: of, from, to, part });
        expect(name).to.match(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        for (const wrong of [`${name}x`, name.replace(/-(\d+)$/, '-0$1'), name.replace('-history', ''), `x${name}`])
          expect(partOf(whose, wrong), wrong).to.equal(undefined);
      }),
    );
  });
});
