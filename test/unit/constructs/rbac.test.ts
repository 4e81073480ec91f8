import { expect } from 'chai';
import fc from 'fast-check';
import { rightsOf } from '../../../constructs/operator/index.js';
import { Deployment, Namespace, Secret, StatefulSet, use, type Use, type Verb } from '../../../lib/kube/index.js';

describe('rights derived from declared uses', () => {
  it('grant list and watch for watch', () => {
    expect(rightsOf([use(Deployment, ['watch'])])).to.deep.equal({
      cluster: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['list', 'watch'] }],
      ownNamespace: [],
    });
  });

  it('grant a subresource alone', () => {
    const { cluster } = rightsOf([use(Deployment, ['patch'], { subresource: 'status' })]);
    expect(cluster).to.deep.equal([{ apiGroups: ['apps'], resources: ['deployments/status'], verbs: ['patch'] }]);
  });

  it('never restrict create to names, and everything else where names are declared', () => {
    const uses = [use(Secret, ['get', 'create', 'patch'], { ownNamespace: true, names: ['tls'] })];
    expect(rightsOf(uses)).to.deep.equal({
      cluster: [],
      ownNamespace: [
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        { apiGroups: [''], resources: ['secrets'], resourceNames: ['tls'], verbs: ['get', 'patch'] },
      ],
    });
  });

  it('grant nothing on an empty list of names, which would mean all of them in a rule', () => {
    expect(rightsOf([use(Secret, ['get'], { names: [] })]).cluster).to.deep.equal([]);
  });

  it('merge resources, names and verbs, and leave out what is granted more widely', () => {
    const { cluster, ownNamespace } = rightsOf([
      use(StatefulSet, ['patch']),
      use(Deployment, ['watch']),
      use(Deployment, ['patch']),
      use(StatefulSet, ['watch']),
      use(Deployment, ['get', 'delete'], { names: ['b', 'a'] }),
      use(Deployment, ['get', 'create'], { ownNamespace: true }),
    ]);
    expect(cluster).to.deep.equal([
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a', 'b'], verbs: ['get', 'delete'] },
      { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: ['list', 'watch', 'patch'] },
    ]);
    expect(ownNamespace).to.deep.equal([{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'create'] }]);
  });

  it('refuse a cluster-scoped kind in the own namespace only', () => {
    expect(() => rightsOf([use(Namespace, ['get'], { ownNamespace: true })])).to.throw('Namespace is cluster-scoped');
  });

  const anyUse: fc.Arbitrary<Use> = fc
    .record({
      kind: fc.constantFrom(Deployment, StatefulSet, Secret),
      verbs: fc.uniqueArray(fc.constantFrom<Verb>('get', 'watch', 'create', 'patch', 'delete'), {
        minLength: 1,
      }),
      names: fc.option(fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 })),
      ownNamespace: fc.boolean(),
    })
    .map(({ names, ...rest }) => (names === null ? rest : { ...rest, names }));

  it('are the same in whatever order the uses are declared', () => {
    fc.assert(
      fc.property(fc.array(anyUse), (uses) => {
        expect(rightsOf([...uses].reverse())).to.deep.equal(rightsOf(uses));
      }),
    );
  });

  it('are exactly what the uses declare, neither less nor more', () => {
    fc.assert(
      fc.property(fc.array(anyUse), (uses) => {
        expect([...granted(uses)].sort()).to.deep.equal([...declared(uses)].sort());
      }),
    );
  });
});

const NAMES = ['a', 'b', 'another'];

/** Every single access, spelled out: where, resource, verb, name. */
function declared(uses: readonly Use[]): Set<string> {
  const accesses = new Set<string>();
  for (const { kind, verbs, names, ownNamespace } of uses) {
    for (const verb of verbs.flatMap((verb) => (verb === 'watch' ? ['list', 'watch'] : [verb]))) {
      for (const name of verb === 'create' ? NAMES : (names ?? NAMES)) {
        for (const place of ownNamespace === true ? ['own'] : ['own', 'elsewhere']) {
          accesses.add([place, kind.plural, verb, name].join(' '));
        }
      }
    }
  }
  return accesses;
}

function granted(uses: readonly Use[]): Set<string> {
  const { cluster, ownNamespace } = rightsOf(uses);
  const accesses = new Set<string>();
  for (const [places, rules] of [
    [['own', 'elsewhere'], cluster],
    [['own'], ownNamespace],
  ] as const) {
    for (const { resources, verbs, resourceNames } of rules) {
      for (const resource of resources) {
        for (const verb of verbs) {
          for (const name of resourceNames ?? NAMES) {
            for (const place of places) accesses.add([place, resource, verb, name].join(' '));
          }
        }
      }
    }
  }
  return accesses;
}
