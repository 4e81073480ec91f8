import { stopSharedClusters } from './shared.js';

/** For mocha's `--require`: what tests have shared is stopped after the last of them. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await stopSharedClusters();
  },
};
