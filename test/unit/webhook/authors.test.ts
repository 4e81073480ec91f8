import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Reach } from 'optipod/lib/policy';
import { rightsOf, type AuthorsRights } from '../../../webhook/authors.js';

const JANE = { username: 'jane', uid: '7', groups: ['dev'], extra: { scopes: ['a', 'b'] } };
const ALL = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

interface Question {
  readonly resource: string;
  readonly namespace?: string;
}

/** kube-apiserver, as far as it is asked; what it cannot answer throws. */
function authorizer(may: (question: Question) => boolean) {
  const asked: Question[] = [];
  const specs: object[] = [];
  let atOnce = 0;
  let most = 0;
  const create = async ({ spec }: { spec: { resourceAttributes: Question } }) => {
    asked.push(spec.resourceAttributes);
    specs.push(spec);
    most = Math.max(most, (atOnce += 1));
    await pause(1);
    atOnce -= 1;
    return { metadata: {}, status: { allowed: may(spec.resourceAttributes) } };
  };
  return { reviews: { create } as unknown as Parameters<typeof rightsOf>[2], asked, specs, most: () => most };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `n${String(i)}`);

async function ask(reach: Reach, may: (question: Question) => boolean) {
  const { reviews, ...seen } = authorizer(may);
  return { rights: await rightsOf(JANE, reach, reviews, new AbortController().signal), ...seen };
}

const unanswered = (): boolean => {
  throw new Error('503');
};

describe('the rights of a policy’s author', () => {
  it('B-SEL-5 are those of the user with groups and extra, to patch any workload of the kind', async () => {
    const { rights, specs } = await ask({ kinds: ['Deployment'], namespaces: ['a'] }, () => true);
    expect(rights).to.deep.equal({ outcome: 'sufficient' });
    expect(specs).to.deep.equal([
      {
        user: 'jane',
        uid: '7',
        groups: ['dev'],
        extra: { scopes: ['a', 'b'] },
        resourceAttributes: { group: 'apps', resource: 'deployments', verb: 'patch', namespace: 'a' },
      },
    ]);
  });

  it('B-SEL-5 in all namespaces, where the policy could reach any', async () => {
    const { rights, asked } = await ask({ kinds: ALL, namespaces: 'all' }, ({ namespace }) => namespace !== undefined);
    expect(asked.map(({ namespace }) => namespace)).to.deep.equal([undefined, undefined, undefined]);
    const missing = ['deployments', 'statefulsets', 'daemonsets'].map((resource) => ({ resource }));
    expect(rights).to.deep.equal({ outcome: 'missing', rights: missing });
  });

  it('B-SEL-5 in each of the namespaces that it names; the ones that are missing are told', async () => {
    const may = ({ resource, namespace }: Question) =>
      namespace !== undefined && !(resource === 'daemonsets' && namespace === 'n2');
    const { rights, most } = await ask({ kinds: ALL, namespaces: names(40) }, may);
    expect(rights).to.deep.equal({ outcome: 'missing', rights: [{ resource: 'daemonsets', namespace: 'n2' }] });
    expect(most()).to.be.at.most(16);
  });

  it('asks three times, and no more, about somebody who may do everything', async () => {
    const { rights, asked } = await ask({ kinds: ALL, namespaces: names(1000) }, () => true);
    expect(rights).to.deep.equal({ outcome: 'sufficient' });
    expect(asked).to.have.lengthOf(3);
  });

  it('asks about 100 namespaces at most: more is refused, unless nobody answered', async () => {
    const elsewhere = ({ namespace }: Question) => namespace !== undefined;
    const many = await ask({ kinds: ALL, namespaces: names(101) }, elsewhere);
    expect(many.rights).to.deep.equal({ outcome: 'too-many', namespaces: 101, most: 100 });
    expect(many.asked).to.have.lengthOf(3);
    expect((await ask({ kinds: ALL, namespaces: names(100) }, elsewhere)).rights.outcome).to.equal('sufficient');
    expect((await ask({ kinds: ALL, namespaces: names(101) }, unanswered)).rights.outcome).to.equal('unknown');
  });

  it('are not known where nobody answers; one no among silence is a no', async () => {
    const reach: Reach = { kinds: ALL, namespaces: ['a'] };
    const silent = await ask(reach, unanswered);
    expect(silent.rights).to.deep.equal({ outcome: 'unknown', problem: '503' });
    const no = await ask(reach, ({ resource }) => (resource === 'daemonsets' ? false : unanswered()));
    expect(no.rights).to.deep.equal({
      outcome: 'missing',
      rights: [{ resource: 'daemonsets', namespace: 'a' }],
    } satisfies AuthorsRights);
  });

  it('are needed for nothing where the policy can match nothing', async () => {
    const { rights, asked } = await ask({ kinds: [], namespaces: 'all' }, () => false);
    expect([rights.outcome, asked.length]).to.deep.equal(['sufficient', 0]);
  });
});
