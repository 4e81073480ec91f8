import type { OptimizationPolicyInput } from 'optipod';
import type { Pod, ResourceRequirements, WorkloadObject } from 'optipod/kube';
import { loadImage } from '../kit/index.js';
import { applyingTable, FIELDS, type Row } from '../support/applying-table.js';
import type { ToldUsage } from '../support/told-usage.js';

export const SPACE = 'applying';
export const CONTAINER = 'app';

/** Pods of a `soft` one can be resized in place; a container of a `hard` one would restart for it. */
export type Nature = 'soft' | 'hard';

/** One row of the table, with limits managed or not. */
export interface Case {
  readonly name: string;
  readonly row: Row;
  readonly updateRequestsOnly: boolean;
}

/** Every row, with every value of what the table says changes nothing but limits. */
export function cases(): Case[] {
  return applyingTable().flatMap((row, index) =>
    [true, false].map((updateRequestsOnly) => ({
      name: `row-${index + 1}-${updateRequestsOnly ? 'requests' : 'limits'}`,
      row,
      updateRequestsOnly,
    })),
  );
}

/** As a test's title. */
export function titleOf({ row, updateRequestsOnly }: Case): string {
  const said = FIELDS.filter((field) => row[field] !== 'any').map((field) => `${field} ${row[field]}`);
  return [...said, `updateRequestsOnly ${String(updateRequestsOnly)}`].join(', ');
}

export function workloadName({ name }: Case, nature: Nature): string {
  return `${name}-${nature}`;
}

/** What a container has of its own: less than it uses, and where limits are managed, limits below that as well. */
export function ownResources({ updateRequestsOnly }: Case): ResourceRequirements {
  const limits = updateRequestsOnly ? { cpu: '500m', memory: '128Mi' } : { cpu: '100m', memory: '40Mi' };
  return { requests: { cpu: '10m', memory: '32Mi' }, limits };
}

export function usageOf(one: Case): ToldUsage[] {
  return NATURES.map((nature) => ({
    namespace: SPACE,
    workload: workloadName(one, nature),
    container: CONTAINER,
    cpu: 0.02,
    memory: 60 * 2 ** 20,
  }));
}

export const NATURES = ['soft', 'hard'] as const;

export function deploymentOf(one: Case, nature: Nature): object {
  const name = workloadName(one, nature);
  const labels = { app: name, row: one.name };
  const resizePolicy = ['cpu', 'memory'].map((resourceName) => ({ resourceName, restartPolicy: 'RestartContainer' }));
  const container = {
    name: CONTAINER,
    image: loadImage,
    imagePullPolicy: 'Never',
    args: ['--cpu', '0', '--memory', '4Mi'],
    resources: ownResources(one),
    ...(nature === 'hard' ? { resizePolicy } : {}),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: SPACE, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } },
    },
  };
}

export function policyOf({ name, row, updateRequestsOnly }: Case): OptimizationPolicyInput {
  const said = Object.fromEntries(
    FIELDS.filter((field) => row[field] !== 'any').map((field) => [field, parsed(row[field])]),
  );
  const { mode, ...updateStrategy } = said;
  return {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { name, namespace: SPACE },
    spec: {
      mode: mode as OptimizationPolicyInput['spec']['mode'],
      selector: { namespaces: { allow: [SPACE] }, workloadSelector: { matchLabels: { row: name } } },
      metricsConfig: { provider: 'custom', rollingWindow: '1h' },
      resourceBounds: { cpu: { min: '10m', max: '2' }, memory: { min: '16Mi', max: '1Gi' } },
      // Without headroom above the request a container would hardly start.
      updateStrategy: { ...updateStrategy, updateRequestsOnly, limitConfig: { cpuLimitMultiplier: 10 } },
      reconciliationInterval: '10s',
    },
  };
}

function parsed(word: string): string | boolean {
  return word === 'true' || word === 'false' ? word === 'true' : word;
}

/** What became of a workload, in the words of the table and in what a user sees. */
export interface Outcome {
  readonly annotations: string;
  readonly template: string;
  readonly pods: string;
}

/** What the table says of a workload. */
export function expected({ row }: Case, nature: Nature): Outcome {
  const { annotations, template } = row;
  if (template !== 'unchanged') return { annotations, template, pods: 'rolled out' };
  const isResized = nature === 'soft' && row['running pods'] === 'resized';
  return { annotations, template, pods: isResized ? 'resized' : row['a pod that cannot be resized'] };
}

export type SeenPod = Pod & {
  readonly status?: { readonly phase?: string; readonly containerStatuses?: readonly { restartCount: number }[] };
};

/** A workload with its pods at one moment. */
export interface Sight {
  readonly workload: WorkloadObject;
  readonly pods: readonly SeenPod[];
}

/** What became of a workload since: what is not as any row says is told as it is. */
export function observed(before: Sight, now: Sight): Outcome {
  return { annotations: annotationsOf(now), template: templateOf(before, now), pods: podsOf(before, now) };
}

function annotationsOf({ workload }: Sight): string {
  const { annotations = {} } = workload.metadata;
  if (!Object.keys(annotations).some((key) => key.startsWith('optipod.io/'))) return 'none';
  if (annotations['optipod.io/managed'] !== 'true') return JSON.stringify(annotations);
  return annotations['optipod.io/webhook-enabled'] === 'true' ? 'injection' : 'recommendation';
}

function templateOf(before: Sight, now: Sight): string {
  const [was, is] = [before, now].map(({ workload }) => workload.spec.template);
  const same = JSON.stringify(was?.spec) === JSON.stringify(is?.spec);
  if (same) return 'unchanged';
  const resources = is?.spec.containers[0]?.resources;
  if (JSON.stringify(resources) !== JSON.stringify(recommendedOf(now))) return JSON.stringify(resources);
  const ours = now.workload.metadata.managedFields?.find(
    ({ manager, fieldsV1 }) => manager === 'optipod' && JSON.stringify(fieldsV1).includes('f:resources'),
  );
  return ours?.operation === 'Apply' ? 'apply' : ours?.operation === 'Update' ? 'patch' : 'by somebody else';
}

function podsOf(before: Sight, now: Sight): string {
  const [[was], [is, another]] = [before.pods, now.pods];
  if (!was || !is || another) return `${now.pods.length} pods`;
  const restarts = is.status?.containerStatuses?.map(({ restartCount }) => restartCount).join() ?? '';
  if (restarts !== '0') return `${restarts || 'no'} restarts`;
  const resources = JSON.stringify(is.spec.containers[0]?.resources);
  const has =
    resources === JSON.stringify(was.spec.containers[0]?.resources)
      ? 'own'
      : resources === JSON.stringify(recommendedOf(now))
        ? 'recommended'
        : resources;
  const revisions = revisionOf(now) - revisionOf(before);
  const isSame = is.metadata.uid === was.metadata.uid;
  const restarted = annotationOf(now, 'kubectl.kubernetes.io/restartedAt') !== undefined;
  const seen = { isSame, has, revisions, restarted };
  return (
    Object.entries(FATES).find(([, fate]) => JSON.stringify(fate) === JSON.stringify(seen))?.[0] ?? JSON.stringify(seen)
  );
}

/** What of a pod tells which fate it had: whether it is the same, what it has, how many rollouts there were, and why. */
const FATES = {
  waits: { isSame: true, has: 'own', revisions: 0, restarted: false },
  resized: { isSame: true, has: 'recommended', revisions: 0, restarted: false },
  evicted: { isSame: false, has: 'recommended', revisions: 0, restarted: false },
  restarted: { isSame: false, has: 'recommended', revisions: 1, restarted: true },
  'rolled out': { isSame: false, has: 'recommended', revisions: 1, restarted: false },
} as const;

/** The resources that the annotations and the template make together. */
function recommendedOf({ workload }: Sight): ResourceRequirements {
  const { requests, limits } = workload.spec.template.spec.containers[0]?.resources ?? {};
  const said = (key: string, own: string | number | undefined) =>
    workload.metadata.annotations?.[`optipod.io/recommendation.${CONTAINER}.${key}`] ?? own;
  return {
    limits: { cpu: said('cpu-limit', limits?.cpu) ?? '', memory: said('memory-limit', limits?.memory) ?? '' },
    requests: { cpu: said('cpu-request', requests?.cpu) ?? '', memory: said('memory-request', requests?.memory) ?? '' },
  };
}

function revisionOf({ workload }: Sight): number {
  return Number(workload.metadata.annotations?.['deployment.kubernetes.io/revision']);
}

function annotationOf({ workload }: Sight, key: string): string | undefined {
  return workload.spec.template.metadata?.annotations?.[key];
}
