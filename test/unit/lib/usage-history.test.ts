import { expect } from 'chai';
import fc from 'fast-check';
import { ContainerHistory, percentile, pool, type Usage } from 'optipod/lib/usage';

/** A full hour. */
const START = 1_790_000_000 - (1_790_000_000 % 3600);
const MINUTE = 60;
const DAY = 86_400;
const ALL = { samples: Infinity, peaks: 14 * DAY };

interface Sample {
  readonly pod: string;
  readonly at: number;
  readonly value: number;
}

/** One a minute, of pods that wander around their own mean. */
function minutes(count: number, pods: readonly string[], from = START): Sample[] {
  return Array.from({ length: count }, (_, i) =>
    pods.map((pod, p) => ({ pod, at: from + i * MINUTE, value: (1 + p) * (0.2 + ((i * 7919) % 97) / 500) })),
  ).flat();
}

function historyOf(samples: readonly Sample[], resource: 'cpu' | 'memory' = 'cpu'): ContainerHistory {
  const history = new ContainerHistory();
  for (const { pod, at, value } of samples) history.add(resource, pod, at, value);
  return history;
}

/** What pooling every sample as it is says of the same window. */
function exactly(samples: readonly Sample[], { from, to }: { from: number; to: number }): Usage | undefined {
  return pool(
    samples
      .filter(({ at }) => at > from && at <= to)
      .map(({ pod, at, value }) => ({
        namespace: 'shop',
        pod,
        container: 'web',
        resource: 'cpu',
        samples: [[at, value]],
      })),
  );
}

const RANKS = [0, 0.25, 0.5, 0.9, 0.99, 1];

function told(usage: Usage | undefined) {
  if (!usage) return undefined;
  const { samples, instants, from, to, max } = usage;
  const pods = [1, 1.5, 2].map((times) => [...usage.podsAbove(0.5, times)].sort((a, b) => (a.pod < b.pod ? -1 : 1)));
  return { samples, instants, from, to, max, ranks: RANKS.map((p) => usage.percentile(p)), pods };
}

describe('usage history', () => {
  it('B-MET-9 windows of two hours are exact to the second, whatever is sealed besides', () => {
    const samples = minutes(400, ['web-1', 'web-2']);
    const to = START + 399 * MINUTE;
    const history = historyOf(samples);
    history.advance(to, ALL);
    for (const window of [300, 3601, 7200]) {
      const span = { from: to - window, to };
      expect(told(history.usage('cpu', span))).to.deep.equal(told(exactly(samples, span)));
    }
  });

  it('B-MET-9 a day and a week are within 1 % of every sample pooled', () => {
    const samples = minutes(9 * 1440, ['web-1', 'web-2']);
    const history = historyOf(samples);
    // On the hour, where chunks begin and end with windows.
    const to = START + 9 * DAY - 3600;
    history.advance(to, ALL);
    for (const window of [DAY, 7 * DAY]) {
      const span = { from: to - window, to };
      const [usage, exact] = [history.usage('cpu', span), exactly(samples, span)];
      for (const p of RANKS)
        expect(usage?.percentile(p)).to.be.closeTo(exact?.percentile(p) ?? NaN, 0.01 * (exact?.percentile(p) ?? NaN));
      expect(usage).to.include({ samples: exact?.samples, instants: exact?.instants, to });
      expect(usage?.max).to.be.closeTo(exact?.max ?? NaN, 1e-6 * (exact?.max ?? NaN));
    }
  });

  it('B-MET-2 of two values of a pod and instant the higher counts, once: out of order, and in a later batch', () => {
    const batch = fc.array(
      fc.record({
        pod: fc.constantFrom('a', 'b'),
        at: fc.integer({ min: START + 1, max: START + 7000 }),
        value: fc.nat(9),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(batch, batch, (first, second) => {
        const to = START + 7200;
        const history = historyOf(first);
        history.advance(to, ALL);
        for (const { pod, at, value } of second) history.add('cpu', pod, at, value);
        history.advance(to + 60, ALL);
        const span = { from: START - 1, to: to + 60 };
        expect(told(history.usage('cpu', span))).to.deep.equal(told(exactly([...first, ...second], span)));
      }),
    );
  });

  it('B-MET-2 a whole day that is read twice counts once', () => {
    const samples = minutes(1440, ['web-1']);
    const to = START + 1439 * MINUTE;
    const history = historyOf(samples);
    history.advance(to, ALL);
    const before = told(history.usage('cpu', { from: START - 1, to }));
    for (const { pod, at, value } of samples) history.add('cpu', pod, at, value);
    history.advance(to, ALL);
    expect(before?.samples).to.equal(1440);
    expect(told(history.usage('cpu', { from: START - 1, to }))).to.deep.equal(before);
  });

  it('B-MET-2 the order in which a look back brings parts of a day does not matter', () => {
    const samples = minutes(1440, ['web-1', 'web-2']);
    const to = START + 1439 * MINUTE;
    const half = samples.filter(({ at }) => at <= START + DAY / 2);
    const rest = samples.filter(({ at }) => at > START + DAY / 2);
    const [forth, back] = [historyOf([...half, ...rest]), historyOf([...rest, ...half])];
    for (const history of [forth, back]) history.advance(to, ALL);
    const span = { from: START - 1, to };
    expect(told(back.usage('cpu', span))).to.deep.equal(told(forth.usage('cpu', span)));
    expect(forth.usage('cpu', span)?.samples).to.equal(2880);
  });

  it('B-MET-9 parts of a day that were sealed by themselves are together, in any order, as if they were read at one go', () => {
    const samples = minutes(1440, ['web-1', 'web-2']);
    const last = START + 1439 * MINUTE;
    const span = { from: START - 1, to: last };
    const whole = historyOf(samples);
    whole.advance(last, ALL);
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 95 }), { maxLength: 4 });
    const parts = cuts
      .map((quarters) => [0, ...quarters.sort((a, b) => a - b), Infinity].map((quarter) => START + quarter * 900))
      .chain((ends) => {
        const spans = ends.slice(1).map((to, index) => ({ from: index === 0 ? START - 1 : (ends[index] ?? 0), to }));
        return fc.shuffledSubarray(spans, { minLength: spans.length });
      });
    fc.assert(
      fc.property(parts, (spans) => {
        const history = new ContainerHistory();
        for (const { from, to } of spans) {
          const part = historyOf(samples.filter(({ at }) => at > from && at <= to));
          part.seal(last);
          history.absorb(part);
        }
        history.advance(last, ALL);
        expect(told(history.usage('cpu', span))).to.deep.equal(told(whole.usage('cpu', span)));
      }),
      { numRuns: 30 },
    );
  }).timeout(10_000);

  it('B-MET-9 samples in the order of time that come many at once are as if they came one by one', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0, max: 4e9, noNaN: true })), {
      minLength: 1,
      maxLength: 1500,
      size: 'max',
    });
    fc.assert(
      fc.property(steps, fc.array(fc.nat(1500), { maxLength: 6 }), (list, cuts) => {
        let at = START;
        const samples = list.map(([step, value]) => ({ pod: 'web-1', at: (at += step), value }));
        const span = { from: START, to: at };
        const inLists = new ContainerHistory();
        const ends = [...cuts.sort((a, b) => a - b), samples.length];
        for (const [index, end] of ends.entries()) {
          // The last one comes again: a part that is asked for anew begins with what is known.
          const part = samples.slice(Math.max(0, (ends[index - 1] ?? 0) - 1), end);
          inLists.addAll('memory', 'web-1', {
            instants: Uint32Array.from(part, (sample) => sample.at),
            values: Float64Array.from(part, (sample) => sample.value),
          });
        }
        const oneByOne = historyOf(samples, 'memory');
        for (const history of [inLists, oneByOne]) history.advance(at, ALL);
        expect(told(inLists.usage('memory', span))).to.deep.equal(told(oneByOne.usage('memory', span)));
        expect(inLists.peaks).to.deep.equal(oneByOne.peaks);
      }),
      { numRuns: 30 },
    );
  }).timeout(10_000);

  it('B-MET-8 asking changes nothing, nor does how often a history is told the time', () => {
    const samples = minutes(2000, ['web-1']);
    const last = START + 1999 * MINUTE;
    const span = { from: last - DAY, to: last };
    const minutely = new ContainerHistory();
    for (const { pod, at, value } of samples) {
      minutely.add('cpu', pod, at, value);
      minutely.advance(at, ALL);
      if (at % 600 === 0) minutely.usage('cpu', span)?.percentile(0.9);
    }
    const once = historyOf(samples);
    once.advance(last, ALL);
    expect(told(minutely.usage('cpu', span))).to.deep.equal(told(once.usage('cpu', span)));
  });

  it('B-MET-10 NaN, infinities and negative values are no samples; nothing usable is no usage', () => {
    const history = new ContainerHistory();
    for (const value of [Number.NaN, Infinity, -Infinity, -1]) history.add('memory', 'web-1', START, value);
    expect(history.within({ from: START - DAY, to: START })).to.deep.equal({});
    expect(history.isEmpty).to.equal(true);
  });

  it('B-MET-6 samples are counted as distinct instants, not pods', () => {
    const history = historyOf(minutes(9, ['web-1', 'web-2', 'web-3']));
    expect(history.usage('cpu', { from: START - 1, to: START + DAY })).to.include({ samples: 27, instants: 9 });
  });

  it('what is later than the window is not in it, sealed or not', () => {
    const history = historyOf(minutes(1440, ['web-1']));
    history.advance(START + DAY, ALL);
    // From after midnight up to three, and up to the last but one minute.
    expect(history.usage('cpu', { from: START, to: START + 3 * 3600 })).to.include({
      samples: 180,
      to: START + 3 * 3600,
    });
    expect(history.usage('cpu', { from: START, to: START + DAY - 120 })).to.include({ to: START + DAY - 120 });
    expect(history.usage('cpu', { from: START + DAY, to: START + 2 * DAY })).to.equal(undefined);
  });

  it('B-MET-2 a pod far above the others is named', () => {
    const samples = minutes(600, ['calm-1', 'calm-2', 'calm-3', 'hot']).map((sample) =>
      sample.pod === 'hot' ? { ...sample, value: 40 } : { ...sample, value: 1 },
    );
    const history = historyOf(samples);
    history.advance(START + 600 * MINUTE, ALL);
    const above = history.usage('cpu', { from: START - 1, to: START + DAY })?.podsAbove(0.5, 2) ?? [];
    expect(above.map(({ pod }) => pod)).to.deep.equal(['hot']);
    expect(above[0]?.value).to.be.closeTo(40, 0.4);
  });

  it('forgets what is older than the longest window, and pods with it', () => {
    const history = historyOf([...minutes(60, ['gone']), ...minutes(60, ['there'], START + 2 * DAY)]);
    history.advance(START + 2 * DAY + 3600, { samples: DAY, peaks: DAY });
    expect([...history.pods.keys()]).to.deep.equal(['there']);
    history.advance(START + 4 * DAY, { samples: DAY, peaks: DAY });
    expect([history.hasSamples, history.isEmpty]).to.deep.equal([false, true]);
  });

  it('forgets on as before when time went back, for which a clock was wrong', () => {
    const history = historyOf(minutes(60, ['web']));
    history.advance(START + 400 * DAY, { samples: Infinity, peaks: Infinity });
    expect(history.hasSamples).to.equal(true);
    history.advance(START + 2 * DAY, { samples: DAY, peaks: DAY });
    expect(history.hasSamples).to.equal(false);
  });

  it('B-REC-5 the highest working set of each day is remembered longer than samples are', () => {
    const history = new ContainerHistory();
    const at = (day: number) => START + day * DAY + 7;
    [900, 300, 500, 100].forEach((bytes, day) => history.add('memory', `web-${day}`, at(day), bytes));
    const retention = { samples: DAY, peaks: 2.5 * DAY };
    const peakOn = (now: number) => {
      history.advance(now, retention);
      return history.within({ from: now - DAY, to: now }, now - retention.peaks).memoryPeak;
    };
    expect(peakOn(at(2))).to.deep.equal({ bytes: 900, at: at(0) });
    expect(peakOn(at(3))).to.deep.equal({ bytes: 500, at: at(2) });
    expect(peakOn(at(5))).to.deep.equal({ bytes: 100, at: at(3) });
    expect(peakOn(at(6))).to.equal(undefined);
  });

  it('B-REC-5 a peak that somebody else found counts like one that was seen', () => {
    const history = historyOf([{ pod: 'web-1', at: START, value: 5 }], 'memory');
    history.addPeak(START - 3 * DAY, 80);
    history.addPeak(START - DAY, Number.NaN);
    expect(history.within({ from: START - DAY, to: START }, START - 14 * DAY).memoryPeak).to.deep.equal({
      bytes: 80,
      at: START - 3 * DAY,
    });
  });

  it('B-REC-9 the share of throttled periods within the window, of all pods', () => {
    const history = new ContainerHistory();
    for (let i = 0; i < 600; i += 1) {
      history.add('throttled', 'calm', START + i * MINUTE, 0);
      history.add('throttled', 'pressed', START + i * MINUTE, 0.5);
    }
    const to = START + 599 * MINUTE;
    history.advance(to, ALL);
    expect(history.within({ from: to - 3600, to }).throttledShare).to.equal(0.25);
    expect(history.within({ from: START - 1, to }).throttledShare).to.be.closeTo(0.25, 0.0025);
    expect(history.within({ from: to, to: to + 60 }).throttledShare).to.equal(undefined);
  });

  it('percentiles of few samples are those of the samples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (values) => {
          const history = historyOf(values.map((value, i) => ({ pod: 'web-1', at: START + i, value })));
          const sorted = Float64Array.from(values).sort();
          const usage = history.usage('cpu', { from: START - 1, to: START + 100 });
          for (const p of RANKS) expect(usage?.percentile(p)).to.equal(percentile(sorted, p));
        },
      ),
    );
  });
});
