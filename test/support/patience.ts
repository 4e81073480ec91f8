import { patience } from '../kit/wait.js';

/**
 * Timeouts of tests are there for what hangs: like waits, they are OPTIPOD_PATIENCE times as long as they say, be it said before
 * they run or by themselves.
 */
export function bePatient(runner: Pick<Mocha.Runner, 'on'>, times = patience): void {
  const told = new WeakSet<Mocha.Runnable>();
  const prolong = (runnable: Mocha.Runnable) => {
    // A hook before each test begins again and again.
    if (told.has(runnable)) return;
    told.add(runnable);
    const plain = runnable.timeout.bind(runnable);
    const prolonged = (ms?: number) => (ms === undefined ? plain() : plain(ms * times));
    runnable.timeout = prolonged as typeof runnable.timeout;
    runnable.timeout(plain());
  };
  runner.on('hook', prolong);
  runner.on('test', prolong);
}
