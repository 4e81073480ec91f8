/** How the tests of a run came out. */
export interface Counts {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

/** `N passed, N failed`, alone on its line, is what tools read. */
export function closingLine({ passes, failures, pending }: Counts): string {
  return `${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`;
}

export function sum(all: readonly Counts[]): Counts {
  const total = (of: keyof Counts) => all.reduce((so, counts) => so + counts[of], 0);
  return { passes: total('passes'), failures: total('failures'), pending: total('pending') };
}
