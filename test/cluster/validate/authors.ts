import { stringify } from 'yaml';
import { waitFor } from '../../kit/index.js';
import type { World } from '../webhook/world.js';

/** What kubectl printed, and whether it was content. */
export interface Said {
  readonly ok: boolean;
  /** What it was not content with. */
  readonly refusal: string;
  /** The lines that begin with `Warning: `, without it. */
  readonly warnings: readonly string[];
}

const WARNING = 'Warning: ';

/** A policy as a user writes it. */
export function written(namespace: string, name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { name, namespace, ...metadata },
    spec: {
      mode: 'Auto',
      selector: { namespaces: { allow: [namespace] } },
      metricsConfig: { provider: 'prometheus' },
      resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
      updateStrategy: {},
      ...spec,
    },
  };
}

export type Kubectl = (args: readonly string[], input?: object) => Promise<Said>;

/** Somebody at kubectl: an administrator, or a user and his groups. */
export function kubectlOf(world: World, user?: string, groups: readonly string[] = ['system:authenticated']): Kubectl {
  const as = user === undefined ? [] : ['--as', user, ...groups.flatMap((group) => ['--as-group', group])];
  return async (args, input) => {
    const options = { allowFailure: true, ...(input ? { input: stringify(input) } : {}) };
    const { code, stderr } = await world.cluster.kubectl([...args, ...as], options);
    const lines = stderr.split('\n').filter((line) => line !== '');
    return {
      ok: code === 0,
      refusal: lines.filter((line) => !line.startsWith(WARNING)).join('\n'),
      warnings: lines.flatMap((line) => (line.startsWith(WARNING) ? [line.slice(WARNING.length)] : [])),
    };
  };
}

/** `kubectl create -f -`. */
export function create(kubectl: Kubectl, policy: object): Promise<Said> {
  return kubectl(['create', '-f', '-'], policy);
}

/** `kubectl patch` with a merge patch. */
export function edit(kubectl: Kubectl, namespace: string, name: string, patch: object): Promise<Said> {
  return kubectl(['patch', 'optpol', name, '-n', namespace, '--type=merge', '-p', JSON.stringify(patch)]);
}

/** kube-apiserver learns of the webhook, and of its certificate, in its own time; so it does that it is back. */
export async function untilAsked(world: World, namespace: string): Promise<void> {
  const reviewed = async () => Object.values(await world.results('policies')).reduce((sum, count) => sum + count, 0);
  const before = await reviewed();
  await waitFor('the webhook to be asked', async () => {
    await kubectlOf(world)(['create', '--dry-run=server', '-f', '-'], written(namespace, 'probe'));
    return (await reviewed()) > before ? true : undefined;
  });
}
