import { setMaxListeners } from 'node:events';
import {
  DaemonSet,
  Deployment,
  StatefulSet,
  type Creatable,
  type ObjectsOf,
  type SubjectAccessReview,
  type UserInfo,
} from 'optipod/kube';
import type { Reach, WorkloadKind } from 'optipod/lib/policy';
import { messageOf } from '@optipod/operator/runtime';

const KINDS = { Deployment, StatefulSet, DaemonSet } as const;

/** The right to ask. */
type Reviews = Creatable<ObjectsOf<typeof SubjectAccessReview>>;

/** Something the author may not do: patch workloads of a kind in a namespace, or (no namespace) in all of them. */
export interface MissingRight {
  /** As RBAC calls it: `deployments`. */
  readonly resource: string;
  readonly namespace?: string;
}

/** Whether the author may do himself what a policy would have done. */
export type AuthorsRights =
  | { readonly outcome: 'sufficient' }
  | { readonly outcome: 'missing'; readonly rights: readonly MissingRight[] }
  /** More namespaces than are asked about one by one, and no right to all. */
  | { readonly outcome: 'too-many'; readonly namespaces: number; readonly most: number }
  /** Nobody said no, and somebody did not answer. */
  | { readonly outcome: 'unknown'; readonly problem: string };

/** Namespaces that are asked about one by one; times three kinds, as many reviews. */
const MOST_NAMESPACES = 100;
/** So many questions at a time: kube-apiserver gives a service account a share of what it can do. */
const AT_ONCE = 16;
/** For all of them together; the answer has to be there before kube-apiserver gives up on the webhook. */
const TIMEOUT_MS = 2500;

/**
 * Asks kube-apiserver (SubjectAccessReview) whether the author may patch workloads everywhere a policy could reach. Where one
 * answer is no, it is no, whatever became of the others.
 */
export async function rightsOf(
  author: UserInfo,
  { kinds, namespaces }: Reach,
  reviews: Reviews,
  signal: AbortSignal,
): Promise<AuthorsRights> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  // Every question listens to it.
  setMaxListeners(0, until);
  const ask = (rights: readonly MissingRight[]) => answers(rights, (right) => mayPatch(author, right, reviews, until));
  const everywhere = kinds.map((kind): MissingRight => ({ resource: resourceOf(kind) }));
  if (namespaces === 'all') return verdict(await ask(everywhere));

  const each = (resource: string) => namespaces.map((namespace): MissingRight => ({ resource, namespace }));
  // An administrator, or whoever deploys for everybody, is known by three answers instead of hundreds.
  const known = namespaces.length > 1 ? await ask(everywhere) : [];
  const granted = new Set(known.filter(({ answer }) => answer === true).map(({ right }) => right.resource));
  const open = everywhere.filter(({ resource }) => !granted.has(resource));
  if (open.length === 0) return { outcome: 'sufficient' };
  if (namespaces.length <= MOST_NAMESPACES) return verdict(await ask(open.flatMap(({ resource }) => each(resource))));
  const certain = known.some(({ answer }) => answer === false);
  return certain ? { outcome: 'too-many', namespaces: namespaces.length, most: MOST_NAMESPACES } : verdict(known);
}

/** Yes, no, or why there is no answer. */
type Answer = boolean | string;

interface Answered {
  readonly right: MissingRight;
  readonly answer: Answer;
}

function verdict(answered: readonly Answered[]): AuthorsRights {
  const rights = answered.filter(({ answer }) => answer === false).map(({ right }) => right);
  if (rights.length > 0) return { outcome: 'missing', rights };
  const problem = answered.map(({ answer }) => answer).find((answer) => typeof answer === 'string');
  return problem === undefined ? { outcome: 'sufficient' } : { outcome: 'unknown', problem };
}

async function answers(
  rights: readonly MissingRight[],
  ask: (right: MissingRight) => Promise<boolean>,
): Promise<Answered[]> {
  const answered: Answered[] = [];
  const waiting = rights.entries();
  const work = async () => {
    for (const [index, right] of waiting) {
      answered[index] = { right, answer: await ask(right).catch(messageOf) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, rights.length) }, work));
  return answered;
}

async function mayPatch(
  { username, uid, groups, extra }: UserInfo,
  { resource, namespace }: MissingRight,
  reviews: Reviews,
  signal: AbortSignal,
): Promise<boolean> {
  // Without a name: a right to certain workloads only is not enough.
  const resourceAttributes = {
    group: Deployment.group,
    resource,
    verb: 'patch',
    ...(namespace === undefined ? {} : { namespace }),
  };
  const spec = { user: username, ...(uid === undefined ? {} : { uid }), groups, extra, resourceAttributes };
  const { status } = await reviews.create({ metadata: {}, spec }, { signal });
  if (!status) throw new Error('the SubjectAccessReview came back without a status');
  return status.allowed;
}

function resourceOf(kind: WorkloadKind): string {
  return KINDS[kind].plural;
}
