import type { Use } from 'optipod/kube';
import { requestsOf, type Request } from './audit.js';

/** Of a service account, as kube-apiserver calls it. */
export function accountName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** What an account was refused for want of a right, and what of its rights it made use of. */
export interface AccountRecord {
  readonly denied: readonly Request[];
  /** `<verb> <resource>.<group> [in <namespace>] [<name>]`, each once, sorted. */
  readonly used: readonly string[];
  /** In the same form, of what is granted without a reason why it may not be used: what never was. */
  readonly unused: readonly string[];
}

/**
 * Holds what an account was granted against what it asked for. A watch is in the log when it has ended, so end what asks first.
 */
export function recordOf(
  auditLog: string,
  account: { readonly namespace: string; readonly name: string },
  granted: readonly Use[],
): AccountRecord {
  const requests = requestsOf(auditLog, accountName(account)).filter(({ objectRef }) => objectRef?.resource);
  const denied = requests.filter((request) => request.annotations?.['authorization.k8s.io/decision'] === 'forbid');
  const allowed = requests.filter((request) => !denied.includes(request));
  const rights = granted
    .filter(({ rarely }) => rarely === undefined)
    .flatMap((use) => rightsOf(use, account.namespace));
  return {
    denied,
    used: unique(allowed.map(({ verb, objectRef = {} }) => shown({ verb, ...objectRef }))),
    unused: unique(rights.filter((right) => !allowed.some((request) => makesUseOf(request, right))).map(shown)),
  };
}

/** One verb on one resource, everywhere or in a namespace, on every object or on one. */
interface Right {
  readonly verb: string;
  readonly apiGroup?: string | undefined;
  readonly resource?: string | undefined;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

function rightsOf({ kind, verbs, subresource, names, ownNamespace }: Use, namespace: string): Right[] {
  const where = { apiGroup: kind.group, resource: kind.plural, subresource, ...(ownNamespace ? { namespace } : {}) };
  return verbs
    .flatMap((verb): string[] => (verb === 'watch' ? ['list', 'watch'] : [verb]))
    .flatMap((verb) =>
      (verb === 'create' ? [undefined] : (names ?? [undefined])).map((name) => ({ verb, ...where, name })),
    );
}

function makesUseOf({ verb, objectRef = {} }: Request, right: Right): boolean {
  return (
    verb === right.verb &&
    (objectRef.apiGroup ?? '') === (right.apiGroup ?? '') &&
    objectRef.resource === right.resource &&
    objectRef.subresource === right.subresource &&
    (right.namespace === undefined || objectRef.namespace === right.namespace) &&
    (right.name === undefined || objectRef.name === right.name)
  );
}

function shown({ verb, apiGroup = '', resource = '', subresource, namespace, name }: Right): string {
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${apiGroup === '' ? '' : `.${apiGroup}`}`;
  return [
    verb,
    what,
    ...(namespace === undefined ? [] : ['in', namespace]),
    ...(name === undefined ? [] : [name]),
  ].join(' ');
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)].sort();
}
