import type { Front } from '../../support/front.js';

/** What may become of a server of usage, and how a policy's condition MetricsAvailable tells. */
export interface ServerFault {
  readonly what: string;
  readonly strike: (front: Front) => void | Promise<void>;
  readonly reason: string;
  /** What the message says besides the server's URL. */
  readonly says: RegExp;
}

export const SERVER_FAULTS: readonly ServerFault[] = [
  { what: 'is down', strike: (front) => front.down(), reason: 'ProviderUnreachable', says: /cannot be reached/ },
  {
    what: 'answers 503',
    strike: (front) => front.behave(() => ({ status: 503, body: 'upstream is restarting' })),
    reason: 'ProviderRefused',
    says: /503: upstream is restarting/,
  },
  {
    what: 'takes 30 s to answer',
    strike: (front) => front.behave(() => ({ afterMs: 30_000 })),
    reason: 'ProviderUnreachable',
    says: /no answer in time/,
  },
  {
    what: 'sends JSON that breaks off',
    strike: (front) => front.behave(() => ({ instead: (answer) => answer.slice(0, answer.length / 2) })),
    reason: 'ProviderAnswerInvalid',
    says: /JSON|broke off/,
  },
  {
    what: 'is at another URL, where there is no such page',
    strike: (front) => front.behave(() => ({ status: 404, body: '<html>no such page</html>' })),
    reason: 'ProviderRefused',
    says: /404.*no such page/,
  },
  {
    what: 'is at another URL, where there is a web page',
    strike: (front) => front.behave(() => ({ status: 200, body: '<!doctype html><title>Welcome</title>' })),
    reason: 'ProviderAnswerInvalid',
    says: /Welcome/,
  },
];

/** What Prometheus answers to a query over a range. */
interface Matrix {
  readonly data: { result: Series[] };
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: string])[];
}

/** What may be wrong with an answer that is one all the same: the series of a namespace are others. */
export interface FaultyAnswer {
  readonly namespace: string;
  readonly what: string;
  readonly of: (series: readonly Series[]) => readonly Series[];
}

/** Ten minutes, in seconds. */
const CLOCK_OFF = 600;

const withValues = (change: (values: Series['values']) => Series['values']) => (series: readonly Series[]) =>
  series.map((one) => ({ ...one, values: change(one.values) }));

/** Each in a namespace of its own, so that all can be tried at once. */
export const FAULTY_ANSWERS: readonly FaultyAnswer[] = [
  { namespace: 'empty-result', what: 'nothing after something', of: () => [] },
  { namespace: 'half-missing', what: 'half of the series', of: (all) => all.filter((_, index) => index % 2 === 0) },
  { namespace: 'duplicates', what: 'every series twice', of: (all) => [...all, ...all] },
  { namespace: 'disorder', what: 'samples in disorder', of: withValues((values) => values.toReversed()) },
  { namespace: 'nan', what: 'NaN alone', of: withValues((values) => values.map(([at]) => [at, 'NaN'])) },
  {
    namespace: 'infinite',
    what: 'infinities alone',
    of: withValues((values) => values.map(([at], index) => [at, index % 2 ? '+Inf' : '-Inf'])),
  },
  {
    namespace: 'clock-behind',
    what: 'instants ten minutes behind',
    of: withValues((values) => values.map(([at, value]) => [at - CLOCK_OFF, value])),
  },
  {
    namespace: 'clock-ahead',
    what: 'instants ten minutes ahead',
    of: withValues((values) => values.map(([at, value]) => [at + CLOCK_OFF, value])),
  },
];

/** Prometheus' answer with all these faults in it. */
export function withFaults(answer: string, faults: readonly FaultyAnswer[]): string {
  const matrix = JSON.parse(answer) as Matrix;
  const { result } = matrix.data;
  const isOf = (namespace: string) => (series: Series) => series.metric.namespace === namespace;
  const sound = result.filter((series) => !faults.some(({ namespace }) => isOf(namespace)(series)));
  matrix.data.result = [...sound, ...faults.flatMap(({ namespace, of }) => of(result.filter(isOf(namespace))))];
  return JSON.stringify(matrix);
}

/** Prometheus' answer to a query that nothing is found for. */
export function withNothing(answer: string): string {
  const matrix = JSON.parse(answer) as Matrix;
  matrix.data.result = [];
  return JSON.stringify(matrix);
}
