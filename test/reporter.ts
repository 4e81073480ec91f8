import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { type Counts, closingLine } from './support/counts.js';
import { bePatient } from './support/patience.js';

/**
 * Mocha's spec reporter with the one closing line that tools read: `N passed, N failed`. OPTIPOD_COUNTS names a file for the
 * numbers instead, where several of mocha's processes have one closing line together.
 */
export default class ClosingLine extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    bePatient(runner);
  }

  override epilogue(): void {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const counts: Counts = { passes, failures, pending };
    const file = process.env.OPTIPOD_COUNTS;
    if (file === undefined) process.stdout.write(`${closingLine(counts)}\n`);
    else writeFileSync(file, JSON.stringify(counts));
    endBeforeLong();
  }
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
