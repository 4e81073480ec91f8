import type { Use, Verb } from '../../lib/kube/index.js';

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Absent, never empty: an empty list would mean every name. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly GrantedVerb[];
}

/** What a process needs: everywhere (a ClusterRole) and in its own namespace (a Role). */
export interface Rights {
  readonly cluster: readonly PolicyRule[];
  readonly ownNamespace: readonly PolicyRule[];
}

/** `watch` is declared alone and granted with what a reflector needs. */
type GrantedVerb = Verb | 'list';

/** In this order verbs are written. */
const VERBS: readonly GrantedVerb[] = ['get', 'list', 'watch', 'create', 'patch', 'delete', 'bind'];

/** Stands for every name; no object can be called so. */
const ANY = '*';

/** The verbs granted on the objects of one name, or of any name, of one resource. */
interface Grant {
  readonly group: string;
  readonly resource: string;
  readonly name: string;
  readonly verbs: readonly GrantedVerb[];
}

/**
 * The least rights that cover the declared uses, merged and sorted: the same uses give the same rules, in whatever order
 * they are declared. Throws where a cluster-scoped kind is declared for the own namespace only.
 */
export function rightsOf(uses: readonly Use[]): Rights {
  const everywhere = withoutCovered(grantsOf(uses.filter((use) => use.ownNamespace !== true)));
  const own = withoutCovered(grantsOf(uses.filter((use) => use.ownNamespace === true)), everywhere);
  return { cluster: rulesOf(everywhere), ownNamespace: rulesOf(own) };
}

function grantsOf(uses: readonly Use[]): Grant[] {
  const verbsOf = new Map<string, { grant: Omit<Grant, 'verbs'>; verbs: Set<GrantedVerb> }>();
  for (const use of uses) {
    const { group, plural, kind, scope } = use.kind;
    if (use.ownNamespace === true && scope === 'Cluster') {
      throw new Error(`${kind} is cluster-scoped: it cannot be used in the own namespace only`);
    }
    const resource = use.subresource === undefined ? plural : `${plural}/${use.subresource}`;
    for (const verb of use.verbs.flatMap(expanded)) {
      // At creation the authorizer does not know the name yet.
      const names = verb === 'create' ? [ANY] : (use.names ?? [ANY]);
      for (const name of names) {
        const key = JSON.stringify([group, resource, name]);
        const entry = verbsOf.get(key) ?? { grant: { group, resource, name }, verbs: new Set<GrantedVerb>() };
        verbsOf.set(key, entry);
        entry.verbs.add(verb);
      }
    }
  }
  return [...verbsOf.values()].map(({ grant, verbs }) => ({
    ...grant,
    verbs: VERBS.filter((verb) => verbs.has(verb)),
  }));
}

function expanded(verb: Verb): readonly GrantedVerb[] {
  return verb === 'watch' ? ['list', 'watch'] : [verb];
}

/** Leaves out what is granted more widely anyway: for any name, or by `wider` (the same everywhere). */
function withoutCovered(grants: readonly Grant[], wider: readonly Grant[] = []): Grant[] {
  const covers = (other: Grant, grant: Grant, verb: GrantedVerb) =>
    other.group === grant.group && other.resource === grant.resource && other.verbs.includes(verb);
  return grants
    .map((grant) => ({
      ...grant,
      verbs: grant.verbs.filter(
        (verb) =>
          !grants.some((other) => grant.name !== ANY && other.name === ANY && covers(other, grant, verb)) &&
          !wider.some((other) => (other.name === ANY || other.name === grant.name) && covers(other, grant, verb)),
      ),
    }))
    .filter(({ verbs }) => verbs.length > 0);
}

/** One rule for all names, then for all resources of a group, that have the same verbs. */
function rulesOf(grants: readonly Grant[]): PolicyRule[] {
  const byNames = grouped(grants, ({ group, resource, name, verbs }) => [group, resource, name === ANY, verbs]).map(
    ([first, ...rest]) => ({ ...first, names: [first, ...rest].map(({ name }) => name).sort() }),
  );
  return grouped(byNames, ({ group, names, verbs }) => [group, names, verbs])
    .map(([first, ...rest]) => ({
      apiGroups: [first.group],
      resources: [first, ...rest].map(({ resource }) => resource).sort(),
      ...(first.name === ANY ? {} : { resourceNames: first.names }),
      verbs: first.verbs,
    }))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function grouped<T>(items: readonly T[], key: (item: T) => unknown): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const id = JSON.stringify(key(item));
    const group = groups.get(id);
    if (group) group.push(item);
    else groups.set(id, [item]);
  }
  return [...groups.values()];
}

/** Line breaks and spaces sort before what names consist of: by group, resources, unrestricted first, verbs. */
function sortKey({ apiGroups, resources, resourceNames = [], verbs }: PolicyRule): string {
  return [apiGroups, resources, resourceNames, verbs].map((values) => values.join(' ')).join('\n');
}
