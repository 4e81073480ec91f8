/**
 * How often `fc.assert` tries a property that is not tried 100 times: as often as this in a normal run, in a soak run as often as
 * any other, but at most `most` times where each try is dear.
 */
export function tries(usual: number, most = Infinity): { readonly numRuns: number } {
  // What a soak run asks for, known already while files of tests are loaded.
  const asked = process.env.OPTIPOD_TRIES;
  return { numRuns: Math.min(asked === undefined ? usual : Number(asked), most) };
}

/** A timeout for mocha, in milliseconds, which only what hangs reaches; none in a soak run, which takes what it takes. */
export function minutes(count: number): number {
  return process.env.OPTIPOD_TRIES === undefined ? count * 60_000 : 0;
}
