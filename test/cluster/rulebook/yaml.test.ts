import fc from 'fast-check';
import { expect } from 'chai';
import { parse } from 'yaml';
import { judge } from '../../../cli/validation/findings.js';
import { documentsIn } from '../../../cli/validation/yaml.js';
import { installCrds } from '../../documents/apiserver.js';
import { sharedCluster, type Cluster } from '../../kit/index.js';

/** How numbers, booleans and nothing are written, or nearly so. */
const SPELLINGS = [
  ...['1', '1.0', '1.', '.5', '+.5', '-.5', '1e3', '1E3', '1e+3', '1.5e1', '1e-3', '1.0e0', '-0', '-0.0', '+5', '+5.0'],
  ...[
    '007',
    '0777',
    '08',
    '0o17',
    '-0o17',
    '0x1F',
    '0XF',
    '-0x1F',
    '+0x1F',
    '0b101',
    '-0b101',
    '0B1',
    '0x',
    '0b',
    '0o',
  ],
  ...[
    '1_000',
    '1_000.5',
    '_1',
    '1_',
    '1__0',
    '0_7',
    '0x_1',
    '1,000',
    '1:30',
    '1:30:00',
    '12e03',
    '1e',
    '1e+',
    'e3',
    '.',
  ],
  ...['2147483648', '9007199254740993', '9223372036854775807', '9223372036854775808', '18446744073709551616', '1e20'],
  ...['100.0', '100.000000001', '4.0', '0.5', '123456789012345678901234567890'],
  ...[
    'y',
    'Y',
    'yes',
    'Yes',
    'YES',
    'yEs',
    'n',
    'N',
    'no',
    'No',
    'on',
    'On',
    'ON',
    'off',
    'OFF',
    'oFF',
    'true',
    'True',
  ],
  ...[
    'TRUE',
    'tRUE',
    'false',
    'False',
    '~',
    'null',
    'Null',
    'NULL',
    'nULL',
    '<<x',
    '=',
    '2026-01-01',
    '5m',
    '1Gi',
    '50%',
  ],
  ...['!!str 5', '!!str ~', '!!str no', '!!int 5', '!!float 5', '!!float 5.5', '!!bool yes', '!!null ~', '"5"', "'no'"],
  ...['!!int "5"', '!!bool "yes"', '! 5', '2026-01-01T00:00:00Z', '&a 5', '!foo 5'],
] as const;

const spelling = fc.oneof(
  fc.constantFrom(...SPELLINGS),
  fc.stringMatching(/^[-+]?[0-9_]{0,4}\.?[0-9_]{0,4}([eE][-+]?[0-9]{0,2})?$/),
  fc.stringMatching(/^[-+]?0[xXoObB]?[0-9a-fA-F_]{0,5}$/),
);

const GOOD = `apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata: { name: spelled }
spec:
  mode: Recommend
  weight: 100
  selector: { workloadTypes: { include: [Deployment] } }
  metricsConfig: { provider: prometheus }
  resourceBounds: { cpu: { min: 50m, max: 4 }, memory: { min: 60Mi, max: 8Gi } }
  updateStrategy: {}
`;

/** Each a value of its own. */
const PER_DOCUMENT = 200;

describe('optipod validate reads YAML', function () {
  this.timeout(60_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    await installCrds(cluster);
  });

  it('B-API-9 as kubectl does: every way to write a number, a boolean, or nothing', async () => {
    const lists = fc.array(spelling, { minLength: PER_DOCUMENT, maxLength: PER_DOCUMENT });
    await fc.assert(
      fc.asyncProperty(lists, async (generated) => {
        const spellings = [...SPELLINGS, ...generated].filter((text) => text !== '' && text !== '-');
        const expected = await asSent(spellings);
        const read = asRead(spellings);
        const differences = spellings.flatMap((text, i) =>
          Object.is(JSON.stringify(read[i]), JSON.stringify(expected[i]))
            ? []
            : [`${text}: kubectl ${JSON.stringify(expected[i])}, optipod ${JSON.stringify(read[i])}`],
        );
        if (differences.length) throw new Error([...new Set(differences)].join('\n'));
      }),
      { numRuns: Number(process.env.OPTIPOD_TRIES ?? 1000) / PER_DOCUMENT, endOnFailure: true },
    );
  });

  for (const [weight, max, good] of [
    ['100', '4', true],
    ['100.0', '4.0', true],
    ['1e2', '4e0', true],
    ['100.5', '4', false],
    ['100', '4.5', false],
    ['1e4', '4', false],
    ['100.00000001', '4', false],
    ['100.0000001', '4', false],
    ['100', '4.00000000001', false],
  ] as const) {
    it(`B-API-9 and judges weight ${weight}, max ${max} as kubectl and kube-apiserver do together`, async () => {
      const yaml = GOOD.replace('100', weight).replace('4', max);
      const json = JSON.stringify(parse(GOOD)).replace('100', weight).replace('4', max);
      for (const input of [yaml, json]) {
        const options = { input, allowFailure: true };
        const { code, stderr } = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], options);
        expect(code === 0, stderr).to.equal(good);
        expect(judge('-', input).findings.length === 0, input).to.equal(good);
      }
    });
  }

  /** What kubectl would send for a list of them. */
  async function asSent(spellings: readonly string[]): Promise<readonly unknown[]> {
    const args = ['create', '--dry-run=client', '--validate=false', '--output=json', '-f', '-'];
    const { stdout } = await cluster.kubectl(args, { input: policyOf(spellings) });
    return (JSON.parse(stdout) as { values: readonly unknown[] }).values;
  }

  function asRead(spellings: readonly string[]): readonly unknown[] {
    const [source] = documentsIn(policyOf(spellings));
    expect(source?.document.errors).to.deep.equal([]);
    return (source?.document.toJS() as { values: readonly unknown[] }).values;
  }
});

function policyOf(spellings: readonly string[]): string {
  return [
    'apiVersion: optipod.io/v1alpha1',
    'kind: OptimizationPolicy',
    'metadata: { name: spelled }',
    'values:',
    ...spellings.map((text) => `- ${text}`),
    '',
  ].join('\n');
}
