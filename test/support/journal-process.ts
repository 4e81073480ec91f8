/**
 * Keeps readings in a journal: `journal-process.ts plan PROVIDER` goes through the plan of the kill points and ends,
 * `journal-process.ts on PROVIDER FROM` takes readings from the FROM-th on, as fast as it can, until it is killed. Of each it says
 * `taking N` before and `kept N` after.
 */
import { writeSync } from 'node:fs';
import { openKeeper } from './keeper.js';
import { carryOut } from './journal-plan.js';
import { clientOf, journalOf, noise } from './kept-readings.js';

const [, , what = '', provider = '', from = '0'] = process.argv;
const client = await clientOf(process.env.KUBECONFIG ?? '');
const journal = journalOf(client, provider);

if (what === 'plan') {
  await carryOut(journal);
} else {
  const keeper = await openKeeper(journal, (readings) => noise(readings, 2000));
  for (let reading = Number(from); ; reading += 1) {
    writeSync(1, `taking ${reading}\n`);
    await keeper.append(reading);
    writeSync(1, `kept ${reading}\n`);
    if (reading % 10 === 9) await keeper.seal();
    if (reading % 50 === 49) await keeper.sealAll();
  }
}
await client.close();
