import { isRecord, type ResourceRequirements } from '../kube/index.js';

/**
 * What OptiPod says on a workload's metadata, and what its webhook reads there. One resource of one container is a slot:
 * `optipod.io/recommendation.<container>.cpu-request` tells people, `optipod.io/cpu-request.<container>` tells the webhook.
 */
const PREFIX = 'optipod.io/';
const MANAGED = `${PREFIX}managed`;
const POLICY = `${PREFIX}policy`;
const POLICY_UID = `${PREFIX}policy-uid`;
const LAST_RECOMMENDATION = `${PREFIX}last-recommendation`;
const LAST_APPLIED = `${PREFIX}last-applied`;
const STRATEGY = `${PREFIX}strategy`;
const WEBHOOK_ENABLED = `${PREFIX}webhook-enabled`;
/** Containers whose names are too long for keys of their own, as JSON. */
const RESOURCES = `${PREFIX}resources`;

const FIXED_KEYS: readonly string[] = [
  MANAGED,
  POLICY,
  POLICY_UID,
  LAST_RECOMMENDATION,
  LAST_APPLIED,
  STRATEGY,
  WEBHOOK_ENABLED,
  RESOURCES,
];

/** On a workload: containers that OptiPod leaves alone, separated by commas. */
const IGNORE_CONTAINERS = `${PREFIX}ignore-containers`;

/** Kubernetes allows 63 characters after the slash of a key. */
const LONGEST_KEY_NAME = 63;
const LONGEST_CONTAINER_NAME = LONGEST_KEY_NAME - 'recommendation..memory-request'.length;

/** What is right-sized of a container, and in which of its fields. */
export const RESOURCE_NAMES = ['cpu', 'memory'] as const;
export const RESOURCE_FIELDS = ['requests', 'limits'] as const;
export type ResourceName = (typeof RESOURCE_NAMES)[number];
export type ResourceField = (typeof RESOURCE_FIELDS)[number];

interface Slot {
  readonly resource: ResourceName;
  readonly field: ResourceField;
  /** As it stands in keys. */
  readonly key: string;
}

const SLOTS: readonly Slot[] = [
  { resource: 'cpu', field: 'requests', key: 'cpu-request' },
  { resource: 'memory', field: 'requests', key: 'memory-request' },
  { resource: 'cpu', field: 'limits', key: 'cpu-limit' },
  { resource: 'memory', field: 'limits', key: 'memory-limit' },
];

/** Recommended resources by container name; quantities as they are to be written into a pod. */
export type ContainerResources = ReadonlyMap<string, ResourceRequirements>;

/** What the annotations of one workload say. */
export interface WorkloadAnnotations {
  readonly policy: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** RFC 3339, UTC: up to when usage was looked at. */
  readonly lastRecommendation: string;
  /** RFC 3339, UTC: when something of it was last applied; absent where nothing ever was. */
  readonly lastApplied?: string | undefined;
  /** How the recommendation is applied; absent where it is only told. */
  readonly strategy?: 'webhook' | 'ssa';
  readonly containers: ContainerResources;
}

/** The annotations that say it. */
export function writeAnnotations(say: WorkloadAnnotations): Record<string, string> {
  const annotations: Record<string, string> = {
    [MANAGED]: 'true',
    [POLICY]: `${say.policy.namespace}/${say.policy.name}`,
    [POLICY_UID]: say.policy.uid,
    [LAST_RECOMMENDATION]: say.lastRecommendation,
  };
  if (say.lastApplied !== undefined) annotations[LAST_APPLIED] = say.lastApplied;
  if (say.strategy) annotations[STRATEGY] = say.strategy;
  if (say.strategy === 'webhook') annotations[WEBHOOK_ENABLED] = 'true';
  const long: Record<string, ResourceRequirements> = {};
  for (const [container, resources] of say.containers) {
    if (container.length > LONGEST_CONTAINER_NAME) {
      long[container] = resources;
      continue;
    }
    for (const { resource, field, key } of SLOTS) {
      const value = resources[field]?.[resource];
      if (value === undefined) continue;
      annotations[`${PREFIX}recommendation.${container}.${key}`] = String(value);
      if (say.strategy === 'webhook') annotations[`${PREFIX}${key}.${container}`] = String(value);
    }
  }
  if (Object.keys(long).length > 0) annotations[RESOURCES] = JSON.stringify(long);
  return annotations;
}

/** Those of a workload's annotations that OptiPod writes; opt-outs and other people's are not among them. */
export function ownAnnotations(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => isOwn(key)));
}

/** Whether two sets say the same thing, be it at different times. */
export function sayTheSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  keys.delete(LAST_RECOMMENDATION);
  return [...keys].every((key) => a[key] === b[key]);
}

/** What was last recommended, by container. Values are as written, not checked. */
export function readRecommendations(annotations: Readonly<Record<string, string>> = {}): ContainerResources {
  return readSlots(annotations, (key) => {
    const match = /^recommendation\.(.+)\.([a-z]+-[a-z]+)$/.exec(key);
    return match?.[1] === undefined || match[2] === undefined ? undefined : { container: match[1], slot: match[2] };
  });
}

/** The containers that the workload's owner keeps OptiPod away from. */
export function ignoredContainers(annotations: Readonly<Record<string, string>> = {}): readonly string[] {
  return (annotations[IGNORE_CONTAINERS] ?? '').split(',').map((name) => name.trim());
}

/** When, RFC 3339. */
export function lastRecommendation(annotations: Readonly<Record<string, string>> = {}): string | undefined {
  return annotations[LAST_RECOMMENDATION];
}

/** When something was last applied, RFC 3339. */
export function lastApplied(annotations: Readonly<Record<string, string>> = {}): string | undefined {
  return annotations[LAST_APPLIED];
}

/** The UID of the policy that wrote the annotations. */
export function policyUid(annotations: Readonly<Record<string, string>> = {}): string | undefined {
  return annotations[POLICY_UID];
}

/** What the webhook is told to put into new pods, and on which policy's authority. */
export interface Injection {
  readonly policyUid: string;
  /** `<namespace>/<name>`. */
  readonly policy: string;
  readonly containers: ContainerResources;
}

/** @returns undefined where the annotations do not ask for injection. Values are as written, not checked. */
export function readInjection(annotations: Readonly<Record<string, string>> = {}): Injection | undefined {
  const policyUid = annotations[POLICY_UID];
  const policy = annotations[POLICY];
  if (annotations[STRATEGY] !== 'webhook' || annotations[WEBHOOK_ENABLED] !== 'true') return undefined;
  if (policyUid === undefined || policy === undefined) return undefined;
  const containers = readSlots(annotations, (key) => {
    const dot = key.indexOf('.');
    return dot < 0 ? undefined : { container: key.slice(dot + 1), slot: key.slice(0, dot) };
  });
  return { policyUid, policy, containers };
}

function isOwn(key: string): boolean {
  if (!key.startsWith(PREFIX)) return false;
  const name = key.slice(PREFIX.length);
  return (
    FIXED_KEYS.includes(key) ||
    name.startsWith('recommendation.') ||
    SLOTS.some((slot) => name.startsWith(`${slot.key}.`))
  );
}

type KeyReader = (name: string) => { readonly container: string; readonly slot: string } | undefined;

function readSlots(annotations: Readonly<Record<string, string>>, read: KeyReader): ContainerResources {
  const containers = new Map(longContainers(annotations[RESOURCES]));
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(PREFIX)) continue;
    const found = read(key.slice(PREFIX.length));
    const slot = SLOTS.find((candidate) => candidate.key === found?.slot);
    if (!found || !slot) continue;
    const resources = containers.get(found.container) ?? {};
    containers.set(found.container, {
      ...resources,
      [slot.field]: { ...resources[slot.field], [slot.resource]: value },
    });
  }
  return containers;
}

/** Anybody can write this annotation: what is not of its shape is left out. */
function longContainers(json: string | undefined): [string, ResourceRequirements][] {
  if (json === undefined) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // Not ours, or cut short by hand: nothing in it can be trusted.
    return [];
  }
  if (!isRecord(parsed)) return [];
  return Object.entries(parsed).flatMap(([container, resources]): [string, ResourceRequirements][] => {
    if (!isRecord(resources)) return [];
    const kept: { requests?: Record<string, string>; limits?: Record<string, string> } = {};
    for (const { field, resource } of SLOTS) {
      const values = resources[field];
      const value = isRecord(values) ? values[resource] : undefined;
      if (typeof value === 'string') kept[field] = { ...kept[field], [resource]: value };
    }
    return [[container, kept]];
  });
}
