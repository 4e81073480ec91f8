/** A test that failed, or a hook that kept tests from running. */
export interface Failure {
  readonly title: string;
  /** What it threw, with where from, or as much of that as says what it is about. */
  readonly error: string;
}

/** How the tests of a run came out. */
export interface Counts {
  readonly passes: number;
  readonly failures: readonly Failure[];
  readonly pending: number;
}

/** `N passed, N failed`, alone on its line, is what tools read. */
export function closingLine({ passes, failures, pending }: Counts): string {
  return `${passes} passed, ${failures.length} failed${pending > 0 ? `, ${pending} skipped` : ''}`;
}

export function sum(all: readonly Counts[]): Counts {
  const total = (of: 'passes' | 'pending') => all.reduce((so, counts) => so + counts[of], 0);
  return { passes: total('passes'), failures: all.flatMap(({ failures }) => failures), pending: total('pending') };
}
