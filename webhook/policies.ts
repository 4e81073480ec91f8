import {
  invalid,
  ratchet,
  sameJson,
  type AdmissionRequest,
  type AdmissionVerdict,
  type FieldError,
  type Ratcheted,
  type UserInfo,
} from 'optipod/kube';
import { OptimizationPolicy, policyValidator } from 'optipod/lib/api';
import { policyAdmission } from 'optipod/lib/optipod';
import {
  advice,
  matchedWorkloads,
  onlyWeakens,
  reachOf,
  scopeErrors,
  type PolicyWorld,
  type Reach,
  type SelectionScope,
} from 'optipod/lib/policy';
import { boundsAdvice, type WantedAmount } from 'optipod/lib/recommend';
import type { Logger } from '@optipod/operator/runtime';
import type { AuthorsRights, MissingRight } from './authors.js';
import type { AdmissionHandler } from './server/index.js';

/** A policy as kube-apiserver stores it. */
type Policy = NonNullable<(typeof OptimizationPolicy)['objects']>;

export interface PolicyReviewSources {
  readonly scope: SelectionScope;
  /** What there is in the cluster; undefined as long as not all of it is known. */
  readonly world: () => PolicyWorld | undefined;
  /** What usage of these workloads asks for. */
  readonly wanted: (workloads: ReturnType<typeof matchedWorkloads>) => readonly WantedAmount[];
  /** Whether the author may patch workloads wherever a policy could; undefined where nobody wants to know. */
  readonly authorsRights?: (author: UserInfo, reach: Reach, signal: AbortSignal) => Promise<AuthorsRights>;
  /** Counts what became of a policy. */
  readonly count: (result: PolicyResult) => void;
  readonly log: Logger;
}

/** What became of a policy, for the metric. */
export type PolicyResult = 'allowed' | 'warned' | 'unchanged' | 'invalid' | 'forbidden' | 'unchecked' | 'error';

/**
 * `/validate`: refuses what the rulebook refuses and what reaches farther than its author may, and warns about what is
 * probably not meant.
 */
export function policyHandler(sources: PolicyReviewSources): AdmissionHandler {
  return {
    path: policyAdmission.path,
    // As the failurePolicy Ignore has it where there is no answer at all: kube-apiserver knows the rules from the CRD, and an
    // error in here must not keep anybody from switching a policy off.
    onError: {
      allowed: true,
      warnings: [
        "OptiPod could not review this policy: neither advice nor a check of its author's rights was possible",
      ],
    },
    async review(request, { signal }) {
      try {
        return await review(request, sources, signal);
      } catch (error) {
        sources.count('error');
        throw error;
      }
    },
  };
}

async function review(
  request: AdmissionRequest,
  sources: PolicyReviewSources,
  signal: AbortSignal,
): Promise<AdmissionVerdict> {
  const { object, oldObject } = request;
  if (!isReviewed(request) || !object) return { allowed: true };
  const policy = object as Policy;
  const before = request.operation === 'UPDATE' ? (oldObject as Policy | undefined) : undefined;
  // Whoever may edit labels, annotations and finalizers may do so whatever the policy says.
  if (policy.metadata.deletionTimestamp !== undefined || (before && sameJson(policy.spec, before.spec))) {
    sources.count('unchanged');
    return { allowed: true };
  }

  const { broken, tolerated } = errorsOf(policy, before, sources.scope);
  const about = { policy: nameOf(request), author: request.userInfo.username, uid: request.uid };
  if (broken.length > 0) {
    sources.count('invalid');
    sources.log.info({ ...about, fields: broken.map(({ path }) => path) }, 'policy refused: invalid');
    return invalid(request, broken);
  }
  const rights = isReadable(tolerated)
    ? await authorsRights(request.userInfo, policy, before, sources, signal)
    : undefined;
  const refusal = rights && forbidden(request.userInfo, rights);
  if (refusal) {
    sources.count('forbidden');
    sources.log.info({ ...about, rights: refusal.causes }, 'policy refused: its author may not reach what it could');
    return { allowed: false, status: refusal };
  }
  const warnings = [...tolerated.map(standing), ...advised(policy, tolerated, sources)];
  if (rights?.outcome !== 'unknown') {
    sources.count(warnings.length > 0 ? 'warned' : 'allowed');
    return { allowed: true, warnings };
  }
  sources.count('unchecked');
  sources.log.warn({ ...about, problem: rights.problem }, 'could not check the rights of the author of a policy');
  const unchecked = `OptiPod could not check whether you may patch workloads wherever this policy could: ${rights.problem}`;
  return { allowed: true, warnings: [unchecked, ...warnings] };
}

/** Where the selector is broken from before, nobody can say what the policy reaches; it reaches nothing as long as it is. */
function isReadable(tolerated: readonly FieldError[]): boolean {
  return !tolerated.some(({ path }) => path.startsWith('spec.selector'));
}

function standing({ path, message }: FieldError): string {
  return `${path}: ${message}; it stands because it is as it was`;
}

/** A policy that is broken is not acted by, so that there is nothing to advise. */
function advised(policy: Policy, tolerated: readonly FieldError[], { world, wanted }: PolicyReviewSources): string[] {
  const there = tolerated.length === 0 ? world() : undefined;
  if (!there || policy.spec.mode === 'Disabled') return [];
  return [
    ...advice(policy, there),
    ...boundsAdvice(policy.spec.resourceBounds, wanted(matchedWorkloads(policy, there))),
  ];
}

function isReviewed({ kind, operation, subResource }: AdmissionRequest): boolean {
  return (
    kind.group === OptimizationPolicy.group &&
    kind.kind === OptimizationPolicy.kind &&
    subResource === undefined &&
    (operation === 'CREATE' || operation === 'UPDATE')
  );
}

/** By the one rulebook, and by what the installation allows on top of it. */
function errorsOf(policy: Policy, before: Policy | undefined, scope: SelectionScope): Ratcheted {
  const errors = before ? policyValidator.validateUpdate(policy, before) : { broken: flaws(policy), tolerated: [] };
  if (errors.broken.length + errors.tolerated.length > 0) return errors;
  const outside = scopeErrors(policy, scope);
  return before ? ratchet(outside, policy, before) : { broken: outside, tolerated: [] };
}

function flaws(policy: Policy): readonly FieldError[] {
  return policyValidator.validate(policy, { unknownFields: 'ignore' });
}

/** @returns undefined where there is nothing to ask for. */
async function authorsRights(
  author: UserInfo,
  { spec }: Policy,
  before: Policy | undefined,
  { scope, authorsRights: ask }: PolicyReviewSources,
  signal: AbortSignal,
): Promise<AuthorsRights | undefined> {
  if (!ask || scope.policyScope === 'Namespace' || spec.mode === 'Disabled') return undefined;
  // Anybody who may edit a policy may make it do less, as he may delete it.
  if (before && flaws(before).length === 0 && onlyWeakens(before.spec, spec)) return undefined;
  return ask(author, reachOf(spec), signal);
}

/** So many are told. */
const MOST_CAUSES = 20;

function forbidden({ username }: UserInfo, rights: AuthorsRights) {
  if (rights.outcome === 'missing') return refusal(whatIsMissing(username, rights.rights), rights.rights);
  if (rights.outcome !== 'too-many') return undefined;
  const { namespaces, most } = rights;
  return refusal(
    `the policy names ${namespaces} namespaces, and user ${JSON.stringify(username)} may not patch workloads in all ` +
      `namespaces; rights are checked one by one in ${most} namespaces at most: split the policy`,
    [],
  );
}

function whatIsMissing(username: string, rights: readonly MissingRight[]): string {
  const user = `user ${JSON.stringify(username)}`;
  const resources = [...new Set(rights.map(({ resource }) => `${resource}.apps`))].join(', ');
  const namespaces = [...new Set(rights.flatMap(({ namespace }) => namespace ?? []))];
  if (namespaces.length === 0) {
    return (
      `the policy can reach every namespace, now or later, and ${user} may not patch ${resources} in all of them: ` +
      'name the namespaces in selector.namespaces.allow, or let somebody create it who may'
    );
  }
  const shown = namespaces.slice(0, 5).map((name) => JSON.stringify(name));
  const more = namespaces.length > shown.length ? ` and ${namespaces.length - shown.length} more` : '';
  return `the policy reaches ${shown.join(', ')}${more}, where ${user} may not patch ${resources}`;
}

function refusal(message: string, rights: readonly MissingRight[]) {
  const causes = rights.slice(0, MOST_CAUSES).map(({ resource, namespace }) => ({
    reason: 'FieldValueForbidden',
    field: 'spec.selector',
    message: `no right to patch ${resource}.apps in ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`,
  }));
  return { code: 403, reason: 'Forbidden', message, causes };
}

function nameOf({ namespace, name }: AdmissionRequest): string {
  return `${namespace ?? ''}/${name ?? ''}`;
}
