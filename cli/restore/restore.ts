import type { WorkloadRecommendation as Told } from '../../imports/types/workload-recommendation.js';
import { OptimizationPolicy, WorkloadRecommendation } from '../../lib/api/index.js';
import {
  courseOf,
  fieldName,
  releasePatch,
  restoration,
  TEMPLATE_MANAGER,
  templateSpec,
} from '../../lib/apply/index.js';
import { DaemonSet, Deployment, StatefulSet, type WorkloadObject } from '../../lib/kube/index.js';
import { isIgnored } from '../../lib/policy/index.js';
import type { KubeClient } from '../../operator/runtime/client.js';
import { isConflict, isNotFound, messageOf } from '../../operator/runtime/errors.js';
import { WORKLOAD_PROJECTIONS, type Workload } from '../../operator/workloads/workload.js';

export interface Restoring {
  /** undefined for all. */
  readonly namespace: string | undefined;
  /** `web` or `deployment/web`; none means all. */
  readonly names: readonly string[];
  /** `[<namespace>/]<name>`: only what this policy was about last. */
  readonly policy: string | undefined;
  readonly dryRun: boolean;
  readonly tell: (line: string) => void;
  readonly complain: (line: string) => void;
}

const KINDS = { Deployment, StatefulSet, DaemonSet } as const;

/** A template is read again where somebody wrote to it meanwhile, the status of a rollout first of all. */
const TRIES = 5;

/**
 * Puts back what templates said before OptiPod wrote to them.
 * @returns how many were put back, and how many left alone that should have been
 */
export async function restoreWorkloads(
  client: KubeClient,
  restoring: Restoring,
): Promise<{ readonly restored: number; readonly left: number }> {
  const { names, tell, complain, dryRun } = restoring;
  const { items } = await client.list(WorkloadRecommendation, { namespace: restoring.namespace });
  const found = items.filter((one) => isRemembered(one) && isMeant(one, restoring));
  const missing = names.filter((name) => !found.some((one) => isNamed(one, name)));
  for (const name of missing) complain(`${name}: OptiPod remembers nothing of it`);
  const unknown = unknownPolicy(items, restoring);
  if (unknown) complain(unknown);
  let [restored, left] = [0, missing.length + (unknown ? 1 : 0)];
  for (const one of found) {
    const { kind, name } = one.spec.workload;
    const which = `${kind}/${one.metadata.namespace ?? ''}/${name}`;
    try {
      const done = await restoreOne(client, one, dryRun);
      if (done.length > 0) restored += 1;
      for (const line of done) tell(`${which}: ${line}${dryRun ? ' (dry run)' : ''}`);
    } catch (error) {
      left += 1;
      complain(`${which}: ${messageOf(error)}`);
    }
  }
  return { restored, left };
}

function isRemembered({ status }: Told): boolean {
  return (status?.applying?.originals ?? []).length > 0;
}

/** What to say of a policy that no workload there was ever of: a slip of the pen must not look like work that is done. */
function unknownPolicy(items: readonly Told[], restoring: Restoring): string | undefined {
  const { policy, namespace } = restoring;
  if (policy === undefined || items.some((one) => isMeant(one, restoring))) return undefined;
  const where = namespace === undefined ? 'in any namespace' : `in the namespace ${namespace}`;
  const known = [...new Set(items.map(({ spec }) => `${spec.policy.namespace}/${spec.policy.name}`))].sort();
  const advice = known.length > 0 ? `; the policies there are ${known.join(', ')}` : '';
  return `--policy ${policy}: no workload ${where} is remembered to be of it${advice}`;
}

function isMeant(one: Told, { names, policy, namespace }: Restoring): boolean {
  if (names.length > 0) return names.some((name) => isNamed(one, name));
  if (policy === undefined) return true;
  const { namespace: where, name } = one.spec.policy;
  return policy === `${where}/${name}` || (policy === name && (namespace === undefined || namespace === where));
}

function isNamed({ spec: { workload } }: Told, name: string): boolean {
  return name === workload.name || name.toLowerCase() === `${workload.kind}/${workload.name}`.toLowerCase();
}

/** @returns what was put back, a line for each amount. @throws Error saying why it is to be left alone, or was refused */
async function restoreOne(client: KubeClient, one: Told, dryRun: boolean): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    const workload = await read(client, one);
    if (workload?.metadata.uid !== one.spec.workload.uid) return [];
    const changes = restoration(one.status?.applying ?? {}, workload);
    if (changes.length === 0) return [];
    await refuseWhereApplied(client, one, workload);
    try {
      if (!dryRun) await putBack(client, workload, changes);
      return changes.map(
        ({ from, value, ...field }) => `${fieldName(field)} ${from ?? 'nothing'} -> ${value ?? 'nothing'}`,
      );
    } catch (error) {
      if (tries >= TRIES || !isConflict(error)) throw error;
    }
  }
}

/** The values, and then nobody's word for them: an entry that stays is swept by the operator. */
async function putBack(client: KubeClient, workload: Workload, changes: ReturnType<typeof restoration>): Promise<void> {
  const { kind, metadata } = workload;
  const { namespace, name, uid, resourceVersion } = metadata;
  const how = { fieldManager: TEMPLATE_MANAGER } as const;
  const body = { metadata: { uid, resourceVersion }, spec: templateSpec(changes) };
  let object: WorkloadObject = await client.patch(KINDS[kind], { namespace, name }, body, {
    ...how,
    type: 'strategic',
  });
  for (let tries = 1; ; tries += 1) {
    const now = WORKLOAD_PROJECTIONS[kind](object);
    const release = releasePatch({ workload: now, way: 'unchanged', updateRequestsOnly: true });
    try {
      if (release) await client.patch(KINDS[kind], { namespace, name }, release, { ...how, type: 'json' });
      return;
    } catch (error) {
      // A rollout has begun, and its status is written.
      if (tries >= TRIES || !isConflict(error)) throw error;
      object = await client.get(KINDS[kind], { namespace, name });
    }
  }
}

async function read(client: KubeClient, one: Told): Promise<Workload | undefined> {
  const { kind, name } = one.spec.workload;
  const namespace = one.metadata.namespace;
  try {
    const object: WorkloadObject = await client.get(KINDS[kind], { namespace, name });
    return WORKLOAD_PROJECTIONS[kind](object);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What is put back where a policy still applies would be a tug of war. */
async function refuseWhereApplied(client: KubeClient, one: Told, workload: Workload): Promise<void> {
  if (one.status?.summary?.state === 'Released' || isIgnored(workload)) return;
  const { namespace, name, uid } = one.spec.policy;
  try {
    const policy = await client.get(OptimizationPolicy, { namespace, name });
    const spec = policy.spec as Parameters<typeof courseOf>[0];
    const { template } = courseOf(spec, { inPlaceResize: true, recreate: true });
    if (policy.metadata.uid !== uid || template === 'unchanged') return;
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  throw new Error(
    `the policy ${namespace}/${name} applies to it: set its mode to Recommend, or annotate the workload with optipod.io/ignore=true`,
  );
}
