import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { type Counts, closingLine, type Failure } from './support/counts.js';
import { bePatient } from './support/patience.js';

/**
 * Mocha's spec reporter with the one closing line that tools read: `N passed, N failed`. OPTIPOD_COUNTS names a file for the
 * numbers and the failures instead, where several of mocha's processes have one closing together.
 */
export default class ClosingLine extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    bePatient(runner);
    // What is killed before its end tells nothing there.
    if (process.env.OPTIPOD_COUNTS !== undefined)
      runner.on('fail', (_, error: Error) => process.stdout.write(`${saidBy(error)}\n`));
  }

  override epilogue(): void {
    super.epilogue();
    const { passes, pending } = this.stats;
    const counts: Counts = { passes, failures: this.failures.map(failureOf), pending };
    const file = process.env.OPTIPOD_COUNTS;
    if (file === undefined) process.stdout.write(`${closingLine(counts)}\n`);
    else writeFileSync(file, JSON.stringify(counts));
    endBeforeLong();
  }
}

/** Of what a test threw, more than this hides the next one. */
const MOST_SAID = 1500;

function failureOf(test: Mocha.Test): Failure {
  const { err } = test as { readonly err?: Error };
  return { title: test.fullTitle(), error: saidBy(err) };
}

function saidBy(error: Error | undefined): string {
  const said = error?.stack ?? error?.message ?? 'it said nothing';
  return said.length > MOST_SAID ? `${said.slice(0, MOST_SAID)}…` : said;
}

/** A process that something of its tests keeps alive would hang whoever waits for it, and not say why: it fails, and says. */
function endBeforeLong(): void {
  const sayWhy = () => {
    const kept = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`the tests are over, but something goes on: ${kept}\n`);
    process.exit(1);
  };
  setTimeout(sayWhy, 60_000).unref();
}
