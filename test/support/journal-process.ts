/** Keeps readings in a journal: `journal-process.ts PROVIDER` goes through the plan of the kill points and ends. */
import { carryOut } from './journal-plan.js';
import { clientOf, journalOf } from './kept-readings.js';

const [, , provider = ''] = process.argv;
const client = await clientOf(process.env.KUBECONFIG ?? '');
await carryOut(journalOf(client, provider));
await client.close();
