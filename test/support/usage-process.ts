/**
 * The operator's collector with its journal, over recorded readings that `METRICS_URL` serves: `usage-process.ts PROVIDER FROM` takes
 * readings from the FROM-th on, as fast as it can, until it is killed. Of each it says `taking N` before and `kept N` after.
 */
import { writeSync } from 'node:fs';
import { clientOf, journalOf } from './kept-readings.js';
import { replayUsage } from './recorded-usage.js';

const [, , provider = '', from = '0'] = process.argv;
const { KUBECONFIG = '', METRICS_URL: url = '' } = process.env;

await replayUsage({
  url,
  from: Number(from),
  journal: journalOf(await clientOf(KUBECONFIG), provider),
  taking: (reading) => void writeSync(1, `taking ${reading}\n`),
  kept: (reading) => void writeSync(1, `kept ${reading}\n`),
});
