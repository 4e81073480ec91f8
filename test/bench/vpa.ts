import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kind, type KubeObject } from 'optipod/kube';
import { command } from '../kit/command.js';
import { install, type Cluster } from '../kit/index.js';

export interface Autoscaler extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly recommendation?: object };
}

export const VerticalPodAutoscaler = kind<Autoscaler>(
  'autoscaling.k8s.io',
  'v1',
  'VerticalPodAutoscaler',
  'verticalpodautoscalers',
);

/** Has a cluster serve VerticalPodAutoscalers. */
export async function installAutoscalers(cluster: Cluster): Promise<void> {
  await install(cluster, await readFile(join(await sourceOfVpa(), 'deploy/vpa-v1-crd-gen.yaml'), 'utf8'));
}

/** Where Go keeps the module that the programs were built of; its definitions are among its files. */
async function sourceOfVpa(): Promise<string> {
  const module = join(import.meta.dirname, '../kit/programs/vpa');
  const name = 'k8s.io/autoscaler/vertical-pod-autoscaler';
  const options = { cwd: module, env: { GOWORK: 'off' } };
  await command('go', ['mod', 'download', name], options);
  const { stdout } = await command('go', ['list', '-m', '-f', '{{.Dir}}', name], options);
  return stdout.trim();
}
