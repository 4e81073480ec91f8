import { emptySelection, isReserved, listed } from 'optipod/lib/policy';
import type { ConditionNow } from 'optipod/kube';
import type { Stop } from 'optipod/lib/apply';
import type { Hold } from 'optipod/lib/recommend';
import { WEBHOOK_NAMESPACE_LABEL } from 'optipod/lib/optipod';
import type { Cluster, ValidPolicy } from '../cluster.js';
import type { ProviderError } from '../metrics/provider.js';
import type { Workload } from '../workloads/workload.js';
import { stopped } from './in-effect.js';

type Said = Omit<ConditionNow, 'type'>;

/** Whether the policy itself is in order. */
export function ready({ spec }: ValidPolicy): ConditionNow {
  return spec.mode === 'Disabled'
    ? {
        type: 'Ready',
        status: 'True',
        reason: 'PolicyDisabled',
        message: 'Policy is disabled and processes no workloads',
      }
    : { type: 'Ready', status: 'True', reason: 'PolicyActive', message: 'Policy is active and processing workloads' };
}

export function broken(errors: readonly { readonly path: string; readonly message: string }[]): ConditionNow {
  const message = errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  return { type: 'Ready', status: 'False', reason: 'ValidationFailed', message };
}

/** Whether there is anything for the policy to do. */
export function workloadsMatched({ spec }: ValidPolicy, governed: readonly Workload[]): ConditionNow {
  const said = (): Said => {
    if (governed.length > 0)
      return { status: 'True', reason: 'WorkloadsMatched', message: count(governed.length, 'workload') };
    const empty = emptySelection(spec.selector);
    if (empty !== undefined) return { status: 'False', reason: 'SelectionEmpty', message: empty };
    const message = 'the selector matches no workload, or heavier policies govern all that it matches';
    return { status: 'False', reason: 'NoWorkloadsMatched', message };
  };
  return { type: 'WorkloadsMatched', ...said() };
}

/** What a pass learned about usage. */
export interface UsageOutcome {
  readonly failure?: ProviderError | 'isBeingRead';
  readonly workloads: number;
  /** Of the workloads: those with a recommendation for something. */
  readonly recommended: number;
  /** Why the others have none. */
  readonly holds: readonly Hold[];
}

/** Holds for want of usage; the one that says most comes first. */
const NO_USAGE = ['StaleData', 'NotEnoughSamples', 'NoData'];

/** Whether there is usage to recommend from. */
export function metricsAvailable({ failure, workloads, recommended, holds }: UsageOutcome): ConditionNow {
  const said = (): Said => {
    if (failure === 'isBeingRead') {
      const message = 'usage is being read as far back as the policy asks';
      return { status: 'Unknown', reason: 'UsageBeingRead', message };
    }
    if (failure) return { status: 'False', reason: failure.reason, message: failure.message };
    if (workloads === 0)
      return { status: 'Unknown', reason: 'NoWorkloads', message: 'there is no workload to look for' };
    const missing = NO_USAGE.map((reason) => holds.find((hold) => hold.reason === reason)).find((hold) => hold);
    const why = missing ?? holds[0];
    const message = `${recommended} of ${count(workloads, 'workload')} with a recommendation${why ? `; ${why.message}` : ''}`;
    if (recommended > 0 || !missing) return { status: 'True', reason: 'MetricsAvailable', message };
    return { status: 'False', reason: missing.reason, message };
  };
  return { type: 'MetricsAvailable', ...said() };
}

/** What decides whether anything is applied at all. */
export interface Applying {
  readonly cluster: Cluster;
  readonly webhookReady: boolean;
  /** Why nothing is, whatever policies say. */
  readonly stop: Stop | undefined;
  readonly permissions: Permissions;
}

/** Whether what is recommended reaches pods; only a policy in mode Auto has this condition. */
export function applying(
  policy: ValidPolicy,
  governed: readonly Workload[],
  { cluster, webhookReady, stop, permissions }: Applying,
): ConditionNow | undefined {
  if (policy.spec.mode !== 'Auto') return undefined;
  if (stop) return { type: 'Applying', status: 'False', ...stopped(policy, stop, permissions) };
  const { strategy, useServerSideApply } = policy.spec.updateStrategy;
  if (strategy === 'ssa') return { type: 'Applying', ...throughTemplate(useServerSideApply ? 'apply' : 'patch') };
  const namespaces = [...new Set(governed.map(({ metadata }) => metadata.namespace))].sort();
  return { type: 'Applying', ...throughWebhook(namespaces, cluster, webhookReady) };
}

/** Whether the webhook gives new pods of these namespaces what is recommended. */
export function throughWebhook(namespaces: readonly string[], cluster: Cluster, webhookReady: boolean): Said {
  const reserved = namespaces.filter((name) => isReserved(name, cluster.scope.ownNamespace));
  if (reserved.length > 0) {
    const message = `the webhook strategy never works in ${listed(reserved)}`;
    return { status: 'False', reason: 'NamespaceReserved', message };
  }
  const unlabelled = namespaces.filter((name) => !isLabelled(cluster, name));
  if (unlabelled.length > 0) {
    const { key, value } = WEBHOOK_NAMESPACE_LABEL;
    const message = `new pods get their resources only in namespaces labelled ${key}=${value}; without it: ${listed(unlabelled)}`;
    return { status: 'False', reason: 'NamespacesNotLabelled', message };
  }
  if (!webhookReady) {
    const message = 'no webhook pod is ready: new pods start with their own resources';
    return { status: 'False', reason: 'WebhookNotReady', message };
  }
  return { status: 'True', reason: 'ThroughWebhook', message: 'new pods get what is recommended' };
}

/** Whether the webhook is asked about new pods of a namespace, be it ready or not. */
export function isAskedIn(namespace: string, cluster: Cluster): boolean {
  return throughWebhook([namespace], cluster, true).status === 'True';
}

/** How templates get what is recommended. */
export function throughTemplate(by: 'apply' | 'patch'): Said {
  return by === 'apply'
    ? {
        status: 'True',
        reason: 'ThroughServerSideApply',
        message: 'templates get what is recommended, by server-side apply',
      }
    : {
        status: 'True',
        reason: 'ThroughPatch',
        message: 'templates get what is recommended, by a patch of their resources',
      };
}

/** What an installation may leave out, by the names of the settings. */
export interface Permissions {
  readonly inPlaceResize: boolean;
  readonly recreate: boolean;
}

/** Told only where a policy may do what the installation has no right to. */
export function permitted({ spec }: ValidPolicy, { inPlaceResize, recreate }: Permissions): ConditionNow | undefined {
  if (spec.mode !== 'Auto') return undefined;
  const { allowInPlaceResize, allowRecreate } = spec.updateStrategy;
  const denied = [
    ...(allowInPlaceResize && !inPlaceResize ? ['allowInPlaceResize: it resizes no pods in place'] : []),
    ...(allowRecreate && !recreate ? ['allowRecreate: it evicts no pods'] : []),
  ];
  if (denied.length === 0) return undefined;
  const message = `this installation of OptiPod does less than the policy allows: ${denied.join('; ')}`;
  return { type: 'Permitted', status: 'False', reason: 'InstallationForbids', message };
}

/** Told only where the bounds decide everything and usage nothing. */
export function boundsDecide(advice: readonly string[]): ConditionNow | undefined {
  if (advice.length === 0) return undefined;
  return { type: 'BoundsFit', status: 'False', reason: 'BoundsDecide', message: advice.join('; ') };
}

/** Told only where somebody else fights for templates. */
export function uncontested(conflicts: readonly string[]): ConditionNow | undefined {
  if (conflicts.length === 0) return undefined;
  return { type: 'Uncontested', status: 'False', reason: 'SSAConflict', message: conflicts.slice(0, 5).join('; ') };
}

/** Told only where something could not be written. */
export function annotated(failures: readonly string[]): ConditionNow | undefined {
  if (failures.length === 0) return undefined;
  return { type: 'Annotated', status: 'False', reason: 'WriteFailed', message: failures.slice(0, 5).join('; ') };
}

function isLabelled(cluster: Cluster, name: string): boolean {
  const { key, value } = WEBHOOK_NAMESPACE_LABEL;
  return cluster.namespace(name)?.metadata.labels?.[key] === value;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
