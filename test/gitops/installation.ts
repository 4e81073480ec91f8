import { World } from '../cluster/webhook/world.js';
import { gitOpsTools, type GitOpsTools } from './tools.js';
import { IMPATIENT_FLAGS } from '../support/impatient.js';
import { usageServer } from './usage.js';

/** OptiPod, usage that changes when told to, and the tools that deploy from Git. */
export interface Installation {
  readonly world: World;
  readonly tools: GitOpsTools;
  /** From now on containers use this much, and OptiPod's rolling window holds nothing else. */
  use(millicores: number, mebibytes: number): void;
  /** Creates or edits a policy, of mode Auto, for all workloads of these namespaces. @param over.name @default 'gitops' */
  policy(over: PolicyOptions, namespaces: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface PolicyOptions {
  readonly name?: string;
  readonly mode?: string;
  readonly updateStrategy?: object;
}

/** OptiPod's clock goes this much further at every change of usage, in minutes: more than the window of 5. */
const JUMP = 6;

const MEBIBYTE = 2 ** 20;

export async function installed(name: string): Promise<Installation> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const usage = await usageServer();
  const operatorFlags = [`--custom-url=${usage.url}`, '--custom-interval=1s', '--custom-settle=0s', ...IMPATIENT_FLAGS];
  // Fail: where the webhook could not answer, no pod would be there.
  const world = await World.start({ name, now, operatorFlags, failurePolicy: 'Fail', audit: true });
  await world.admitWebhook();
  return {
    world,
    tools: await gitOpsTools(world.cluster),
    use(millicores, mebibytes) {
      usage.change({ since: now(), cores: millicores / 1000, bytes: mebibytes * MEBIBYTE });
      ahead += JUMP * 60_000;
    },
    policy: ({ name: policy = 'gitops', mode = 'Auto', updateStrategy = {} }, namespaces) =>
      world.apply([
        {
          apiVersion: 'optipod.io/v1alpha1',
          kind: 'OptimizationPolicy',
          metadata: { name: policy, namespace: 'default' },
          spec: {
            mode,
            selector: { namespaces: { allow: namespaces } },
            metricsConfig: { provider: 'custom', rollingWindow: '5m' },
            resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
            updateStrategy,
            reconciliationInterval: '10s',
          },
        },
      ]),
    async stop() {
      await world.stop();
      await usage.close();
    },
  };
}
