import fc from 'fast-check';
import type { Json } from './json.js';

const names = fc.constantFrom<Json>(
  '',
  'Web',
  'web_1',
  '-web',
  'web.',
  'a.b',
  'a..b',
  'a'.repeat(253),
  'a'.repeat(254),
  'ü',
  null,
  1,
  true,
  [],
);
const labels = fc.constantFrom<Json>(
  ...[
    null,
    [],
    'x',
    {},
    { a: 1 },
    { a: null },
    { a: true },
    { 'a b': 'x' },
    { '': 'x' },
    { a: 'b c' },
    { a: '-' },
    { a: 'x'.repeat(64) },
  ],
  ...[
    { 'a/b/c': 'x' },
    { '/a': 'x' },
    { 'A.b/c': 'x' },
    { 'example.com/team': 'web' },
    { ['x'.repeat(64)]: 'x' },
    { [`${'x'.repeat(254)}/a`]: '' },
  ],
);

const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd9607e19-f88f-11e6-a518-42010a800195' };
const owners = fc.oneof(
  fc.constantFrom<Json>(...[null, {}, 'x', [], [null], ['x'], [owner], [owner, owner], [{}], [[]]]),
  fc
    .tuple(
      fc.constantFrom(...Object.keys(owner), 'controller', 'blockOwnerDeletion', 'stranger'),
      fc.constantFrom<Json>(...['', null, 1, true, false, 'x', 'v1', '/', 'a/', '/v1', 'a/b/c', [], {}]),
      fc.boolean(),
    )
    .map(([field, value, controlled]): Json => {
      const changed = { ...owner, [field]: value };
      return controlled ? [{ ...owner, controller: true }, changed] : [changed];
    }),
  fc.constantFrom<Json>([{ ...owner, apiVersion: 'v1', kind: 'Event' }], [{ ...owner, apiVersion: 'v1', kind: 'Pod' }]),
);
const finalizers = fc.constantFrom<Json>(
  ...[
    null,
    {},
    'x',
    [],
    [null],
    [''],
    [1],
    ['x'],
    ['example.com/x'],
    ['Example.com/x'],
    ['a/b/c'],
    ['a b'],
    ['x', 'x'],
  ],
  ...[['orphan'], ['foregroundDeletion'], ['orphan', 'foregroundDeletion'], ['x'.repeat(64)], ['/x'], ['x/']],
);
/** What is there after somebody has edited what kubectl printed. */
const serverSide = fc.constantFrom<Record<string, Json>>(
  ...[{ uid: 'x' }, { uid: 1 }, { generation: 3 }, { generation: '3' }, { generation: 1.5 }, { managedFields: [] }],
  ...[
    { creationTimestamp: null },
    { creationTimestamp: 5 },
    { selfLink: '/x' },
    { selfLink: [] },
    { managedFields: {} },
  ],
  ...[{ deletionGracePeriodSeconds: 5 }, { deletionGracePeriodSeconds: true }, { resourceVersion: 7 }],
);

/** As large as annotations may be, and one byte more. */
const largeAnnotations = fc
  .constantFrom(256 * 1024, 256 * 1024 + 1)
  .map((bytes): Json => ({ a: 'ü'.repeat(1000) + 'x'.repeat(bytes - 2001) }));

type Envelope = (policy: Record<string, Json>) => Json;

/** What happens to the object around the spec. */
export const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  withField('spec', fc.constantFrom<Json>(null, [], '', 'spec', 0, {}, true)),
  withField('metadata', fc.constantFrom<Json>(null, [], '', 0, {})),
  fc.constantFrom('metadata', 'spec').map(
    (field): Envelope =>
      ({ [field]: _, ...rest }) =>
        rest,
  ),
  withField(
    'metadata',
    names.map((name): Json => ({ name })),
  ),
  withField(
    'metadata',
    names.map((generateName): Json => ({ generateName })),
  ),
  withField(
    'metadata',
    labels.map((value): Json => ({ name: 'generated', labels: value })),
  ),
  withField(
    'metadata',
    labels.map((value): Json => ({ name: 'generated', annotations: value })),
  ),
  withField('metadata', fc.constant<Json>({ name: 'generated', lables: {} })),
  withField(
    'metadata',
    owners.map((value): Json => ({ name: 'generated', ownerReferences: value })),
  ),
  withField(
    'metadata',
    finalizers.map((value): Json => ({ name: 'generated', finalizers: value })),
  ),
  withField(
    'metadata',
    serverSide.map((fields): Json => ({ name: 'generated', ...fields })),
  ),
  withField(
    'metadata',
    largeAnnotations.map((annotations): Json => ({ name: 'generated', annotations })),
  ),
  withField('spce', fc.constant<Json>({})),
  withField('kind', fc.constantFrom<Json>('OptimizationPolicies', 'optimizationpolicy', 'Pod', '', null, 1)),
  withField('apiVersion', fc.constantFrom<Json>('optipod.io/v1', 'v1', 'optipod.io', '', null, 1)),
  withField(
    'status',
    fc.constantFrom<Json>(null, [], 'x', {}, { conditions: 'x' }, { stranger: 1 }, { workloadsDiscovered: -1 }),
  ),
);

function withField(field: string, value: fc.Arbitrary<Json>): fc.Arbitrary<Envelope> {
  return value.map((given) => (policy) => ({ ...policy, [field]: given }));
}
