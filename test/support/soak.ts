import { configureGlobal } from 'fast-check';

/** For mocha's `--require`: properties are tried OPTIPOD_TRIES times, from a seed that is printed, and may take their time. */
const tries = Number(process.env.OPTIPOD_TRIES);
const seed = Number(process.env.OPTIPOD_SEED);

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    configureGlobal({ numRuns: tries, seed });
    console.error(`every property ${String(tries)} times; again with OPTIPOD_SEED=${String(seed)}`);
  },
};
