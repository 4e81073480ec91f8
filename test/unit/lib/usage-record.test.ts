import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeUsageRecord,
  encodeUsageRecord,
  UsageRecordError,
  type ContainerRecord,
  type UsageRecord,
} from 'optipod/lib/usage';
import { tries } from '../../support/tries.js';

const START = 1_790_000_000 - (1_790_000_000 % 3600);

const name = fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.string({ unit: 'grapheme', maxLength: 8 }));
const amount = fc.oneof(
  fc.double({ min: 0, max: 1e14, noNaN: true }).map(Math.abs),
  fc.nat().map((nanos) => nanos / 1e9),
  fc.nat().map((pages) => pages * 4096),
);
const instant = fc.integer({ min: START - 5000, max: START });
const series = fc.record({
  pod: name,
  metric: fc.constantFrom('cpu', 'memory', 'throttled'),
  samples: fc.array(fc.tuple(instant, amount), { maxLength: 5 }).map((list) => ({
    instants: list.map(([at]) => at),
    values: list.map(([, value]) => value),
  })),
});
const container: fc.Arbitrary<ContainerRecord> = fc.record({
  namespace: name,
  kind: fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet'),
  workload: name,
  container: name,
  series: fc.array(series, { maxLength: 4 }),
  peaks: fc.array(fc.record({ at: instant, bytes: amount }), { maxLength: 2 }),
  oomKills: fc.array(fc.record({ id: name, pod: name, at: instant, bytes: amount }), { maxLength: 2 }),
});
const record: fc.Arbitrary<UsageRecord> = fc.record({
  kind: fc.constantFrom('interval', 'segment'),
  from: fc.constant(START - 60),
  to: fc.constant(START),
  containers: fc.array(container, { maxLength: 5 }),
});

const sortedBy = (containers: readonly ContainerRecord[]) => containers.map((one) => JSON.stringify(one)).sort();

describe('usage records', () => {
  it('B-MET-8 give back what was written, to the last bit', () => {
    fc.assert(
      fc.property(record, (written) => {
        const { containers, ...rest } = decodeUsageRecord(encodeUsageRecord(written));
        expect(rest).to.deep.equal({ kind: written.kind, from: written.from, to: written.to });
        expect(sortedBy(containers)).to.deep.equal(sortedBy(written.containers));
      }),
    );
  });

  it('B-MET-8 broken bytes are an error, or something that is no nonsense; cut ones always an error', () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, place, change) => {
        const bytes = encodeUsageRecord(written);
        for (let length = 0; length < bytes.length; length += 1 + (bytes.length >> 6)) {
          expect(() => decodeUsageRecord(bytes.slice(0, length))).to.throw(UsageRecordError);
        }
        expect(() => decodeUsageRecord(Uint8Array.from([...bytes, 0]))).to.throw(UsageRecordError);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ change;
        try {
          for (const { samples } of decodeUsageRecord(bytes).containers.flatMap((one) => one.series)) {
            for (const value of samples?.values ?? []) expect(value).to.be.within(0, Number.MAX_VALUE);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(UsageRecordError);
        }
      }),
      tries(40),
    );
  });

  it('B-MET-8 a record of another version is an error that says so', () => {
    const bytes = encodeUsageRecord({ kind: 'interval', from: 0, to: 60, containers: [] });
    bytes[1] = 2;
    expect(() => decodeUsageRecord(bytes)).to.throw(UsageRecordError, 'version 2');
    expect(() => decodeUsageRecord(new TextEncoder().encode('{"apiVersion":"v1"}'))).to.throw(
      UsageRecordError,
      'no record',
    );
    expect(() => decodeUsageRecord(new Uint8Array(0))).to.throw(UsageRecordError);
  });

  it('B-MET-8 chunks that no history sealed are an error', () => {
    const of = {
      namespace: 'shop',
      kind: 'Deployment',
      workload: 'web',
      container: 'web',
      peaks: [],
      oomKills: [],
    } as const;
    const withChunks = (chunks: Uint8Array) =>
      encodeUsageRecord({
        kind: 'segment',
        from: 0,
        to: 3600,
        containers: [{ ...of, series: [{ pod: 'web-1', metric: 'cpu', chunks }] }],
      });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (chunks) => {
        try {
          expect(decodeUsageRecord(withChunks(chunks)).containers).to.have.length(1);
        } catch (error) {
          expect(error).to.be.instanceOf(UsageRecordError);
        }
      }),
    );
    expect(() => decodeUsageRecord(withChunks(Uint8Array.of(0, 1, 0)))).to.throw(UsageRecordError);
    expect(() => decodeUsageRecord(withChunks(Uint8Array.of(3, 5, 0, 0, 0, 0, 0)))).to.throw(
      UsageRecordError,
      'without samples',
    );
  });
});
