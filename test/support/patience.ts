import { patience } from '../kit/wait.js';

/** Timeouts of tests are there for what hangs: like waits, they are OPTIPOD_PATIENCE times as long as they say. */
export function bePatient(runner: Mocha.Runner): void {
  const told = new WeakSet<Mocha.Runnable>();
  const prolong = (runnable: Mocha.Runnable) => {
    // A hook before each test begins again and again.
    if (told.has(runnable)) return;
    told.add(runnable);
    runnable.timeout(runnable.timeout() * patience);
  };
  runner.on('hook', prolong);
  runner.on('test', prolong);
}
