/** A process that gathers lines of its log, for the test of that. */
import { once } from 'node:events';
import { createLogger } from '../../../operator/runtime/index.js';

const log = createLogger({ gatherMs: 50 });
log.info('1');
log.info('2');
await once(process.stdin.resume(), 'end');
log.info('3');
log.info('4');
process.exit();
