/**
 * `npm run demo`: a real Kubernetes on this machine, OptiPod installed from its own manifests, a Deployment under load, and
 * the pod that is born with what was recommended. `--keep` leaves everything running.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CannotRun, insideNetwork, openRun, prepare } from '../kit/index.js';
import { operatorImage } from '../support/operator-image.js';
import { progress } from './progress.js';

const NAME = 'demo';
const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });

try {
  await prepare('node', { progress });
  const archive = await operatorImage(progress);
  const run = await openRun({ name: NAME, level: 'node', detachable: values.keep, progress });
  let finished = false;
  try {
    const story = ['--import', 'tsx', join(import.meta.dirname, 'story.ts'), archive];
    process.exitCode = await insideNetwork(run, process.execPath, story);
    finished = process.exitCode === 0;
  } finally {
    if (!values.keep || !finished) await run.close();
  }
  if (values.keep && finished) {
    run.detach();
    console.log(`\nIt is still running. Look around, then stop it:

  npm run cluster -- exec --name ${NAME} -- kubectl get optpol -A
  npm run cluster -- exec --name ${NAME} -- kubectl describe optpol burner -n shop
  npm run cluster -- exec --name ${NAME} -- kubectl describe wrec -n shop
  npm run cluster -- exec --name ${NAME} -- kubectl get deployment burner -n shop -o yaml
  npm run cluster -- exec --name ${NAME} -- kubectl logs -n optipod-system deployment/optipod
  npm run cluster -- down --name ${NAME}`);
  }
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
