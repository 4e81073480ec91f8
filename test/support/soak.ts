import { configureGlobal } from 'fast-check';

/** For mocha's `--require`: properties are tried OPTIPOD_TRIES times, from a seed that is printed, and may take their time. */
const tries = Number(process.env.OPTIPOD_TRIES);
const seed = Number(process.env.OPTIPOD_SEED);

/** How large are tests that are no properties; known when a file of tests is loaded. */
export const sizes = Number.isNaN(tries)
  ? { events: 40, workloads: 10, eventsWithinMs: 10_000 }
  : { events: 300, workloads: 50, eventsWithinMs: 90_000 };

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    configureGlobal({ numRuns: tries, seed });
    console.error(`every property ${String(tries)} times; again with OPTIPOD_SEED=${String(seed)}`);
  },
};
