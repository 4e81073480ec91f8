/** How long what was left behind may go on before the process is ended. */
const LEFT_BEHIND_MS = 500;

/**
 * Runs a process until SIGTERM or SIGINT aborts its signal; a second one ends it at once. The exit code is 0 after an orderly
 * stop, and 1 where `run` throws (a wrong setting, a lost leadership), which is told on stderr in one line, and after a second
 * signal. The process ends when `run` has, also where something was left behind that would keep it alive.
 */
export async function runProcess(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    await run(stop.signal);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    setTimeout(() => process.exit(), LEFT_BEHIND_MS).unref();
  }
}
