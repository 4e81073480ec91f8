import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { judge } from '../../../cli/validation/findings.js';
import type { Finding } from '../../../cli/validation/finding.js';
import { OptimizationPolicy, policyValidator } from '../../../lib/api/index.js';
import { validatorOf } from '../../../lib/kube/index.js';

const POLICY = `apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata:
  name: web
spec:
  mode: Auto
  selector:
    namespaces:
      allow:
        - web
  metricsConfig:
    provider: prometheus
  resourceBounds:
    cpu: { min: 50m, max: 4 }
    memory: { min: 64Mi, max: 8Gi }
  updateStrategy: {}
`;

describe('optipod validate: what is found in a text', () => {
  it('finds nothing in a good policy', () => {
    expect(judge('web.yaml', POLICY)).to.deep.equal({ judged: 1, others: 0, findings: [] });
  });

  const cases: readonly (readonly [string, string, string, string, RegExp])[] = [
    ['a wrong value', 'mode: Auto', 'mode: auto', '6:9 spec.mode', /Unsupported value: "auto"/],
    ['an item', '- web\n', '- no\n', '10:11 spec.selector.namespaces.allow[0]', /; write it in quotes: "no"$/],
    [
      'an unquoted fraction',
      '50m',
      '0.5',
      '14:17 spec.resourceBounds.cpu.min',
      /: "number"; write it in quotes: "0.5"$/,
    ],
    [
      'a number without an end',
      'prometheus',
      'prometheus\n    safetyFactor: .inf',
      '13:19 spec.metricsConfig.safetyFactor',
      /: "Infinity"$/,
    ],
    ['an unknown field, at its key', 'spec:\n', 'spec:\n  mod: x\n', '6:3 spec.mod', /^unknown field "spec.mod"$/],
    ['a missing field, at its parent', '    provider: prometheus\n', '', '11:3 spec.metricsConfig', /Required value/],
    [
      'a missing field below',
      'provider: prometheus',
      'percentile: P50',
      '11:3 spec.metricsConfig.provider',
      /Required/,
    ],
    ['an empty value, at its key', 'mode: Auto', 'mode:', '6:3 spec.mode', /Required value/],
    ['a block, at its key', '  mode: Auto', '  mode: Auto\n  weight:\n    - 1', '7:3 spec.weight', /of type integer/],
    ['a rule that compares', 'max: 4 ', 'max: 10m ', '14:17 spec.resourceBounds.cpu.min', /less than or equal to max/],
    [
      'a key that is there twice',
      'mode: Auto',
      'mode: Auto\n  mode: Auto',
      '7:3 spec.mode',
      /^duplicate field "spec.mode"$/,
    ],
    ['another version', 'v1alpha1', 'v2', '1:13 apiVersion', /must be optipod.io\/v1alpha1$/],
    ['no version', 'apiVersion: optipod.io/v1alpha1\n', '', '1:1 apiVersion', /Required value: must be optipod.io/],
    ['no version beside a group', '/v1alpha1', '', '1:13 apiVersion', /must be optipod.io\/v1alpha1$/],
    ['another kind', 'OptimizationPolicy', 'OptimisationPolicy', '2:7 kind', /must be OptimizationPolicy$/],
    ['no kind', 'kind: OptimizationPolicy\n', '', '1:1 kind', /Required value: must be OptimizationPolicy/],
    ['broken YAML', '{ min: 50m, max: 4 }', '{ min: 50m, max: 4', '15:5 ', /flow/i],
  ];
  for (const [what, from, to, place, message] of cases) {
    it(`finds ${what}`, () => {
      const [finding, ...others] = judge('web.yaml', POLICY.replace(from, to)).findings;
      expect(others).to.deep.equal([]);
      expect(finding && at(finding)).to.equal(place);
      expect(finding?.message).to.match(message);
    });
  }

  it('B-API-3 gives the advice only where quotes help', () => {
    const [finding] = judge('web.yaml', POLICY.replace('prometheus', '7')).findings;
    expect(finding?.message).not.to.contain('quotes');
  });

  it('finds label keys with dots, and what comes through an alias or a merge', () => {
    const labels = POLICY.replace('metadata:', 'x: &x { mode: auto }\nmetadata:')
      .replace('  mode: Auto\n', '  <<: *x\n')
      .replace(
        '    namespaces:',
        '    workloadSelector: { matchLabels: { app.kubernetes.io/name: 1.5 } }\n    namespaces:',
      );
    expect(judge('web.yaml', labels).findings.map(at)).to.have.members([
      '3:1 x',
      '3:15 spec.mode',
      '9:64 spec.selector.workloadSelector.matchLabels.app.kubernetes.io/name',
    ]);
  });

  it('looks at every document, and at every item of a List', () => {
    const bad = POLICY.replace('Auto', 'auto');
    const item = bad.replaceAll(/^/gm, '    ').replace('    ', '  - ').trimEnd();
    const list = `apiVersion: v1\nkind: List\nitems:\n${item}\n`;
    const { judged, findings } = judge('all.yaml', `${bad}---\n# nothing\n---\n${list}`);
    expect(judged).to.equal(2);
    expect(findings.map(at)).to.deep.equal(['6:9 spec.mode', '28:13 spec.mode']);
    expect(findings[1]).to.include({ kind: 'OptimizationPolicy', name: 'web', value: 'auto' });
  });

  it('reads JSON: with tabs, and objects one after the other', () => {
    const object = JSON.stringify(
      { apiVersion: 'optipod.io/v1alpha1', kind: 'OptimizationPolicy', metadata: { name: 'x' }, spec: 5 },
      null,
      '\t',
    );
    const { judged, findings } = judge('all.json', `${object}\n${object}\n`);
    expect(judged).to.equal(2);
    expect(findings.map(at)).to.deep.equal(['7:10 spec', '15:10 spec']);
  });

  it('leaves other kinds alone, broken ones too', () => {
    const others = [
      'apiVersion: v1\nkind: ConfigMap\na: 1\na: 2\n',
      'apiVersion: apps/v1\nkind: Deployment\nspec: {{ .Values.spec }}\n  x: [\n',
      'apiVersion: example.com/v1\nkind: OptimizationPolicy\nspec: 1\n',
      'apiVersion: optipod.io/v1alpha1\nkind: WorkloadRecommendation\nspec: 1\n',
      'just text\n',
    ];
    expect(judge('others.yaml', others.join('---\n'))).to.deep.equal({ judged: 0, others: 4, findings: [] });
  });

  it('survives what wants to break it', () => {
    const bomb = POLICY.replace('Auto', '*nowhere');
    const circle = 'x: &x { <<: *x }\napiVersion: optipod.io/v1alpha1\nkind: OptimizationPolicy\nspec: *x\n';
    for (const text of [bomb, circle]) expect(judge('x.yaml', text).findings).not.to.deep.equal([]);
  });

  it('reads nothing that is nested deeper than the stack may bear', () => {
    // V8 ends the whole process where it has to compile a pattern and has no stack left to do so.
    for (const deep of ['- ', '[', '? ', '{"a":']) {
      for (const times of [300, 2000, 10_000]) {
        const { findings } = judge('x.yaml', `${POLICY}---\n${deep.repeat(times)}`);
        expect(findings.map(({ message }) => message)).to.deep.equal([
          'cannot be read: it is nested more than 200 levels deep',
        ]);
      }
    }
    const label = POLICY.replace('name: web', `name: web\n  x: ${'['.repeat(150)}${']'.repeat(150)}`);
    expect(judge('x.yaml', label).findings.map(at)).to.deep.equal(['5:3 metadata.x']);
  });

  it('counts characters, and no byte order mark', () => {
    const text = POLICY.replace('{ min: 50m', '{ "🙂": é, min: 50m').replaceAll('\n', '\r\n');
    expect(judge('web.yaml', `\uFEFF${text}`).findings.map(at)).to.deep.equal(['14:12 spec.resourceBounds.cpu.🙂']);
  });

  it('follows the rules it is given', () => {
    const spec = {
      ...OptimizationPolicy.spec,
      'x-kubernetes-validations': [{ rule: 'self.weight > 500', message: 'heavy' }],
    };
    const resource = { ...OptimizationPolicy, spec };
    const { findings } = judge('web.yaml', POLICY, { resource, validator: validatorOf(resource) });
    expect(findings.map(at)).to.deep.equal(['5:1 spec']);
  });

  it('B-API-9 names exactly the paths that the validator names, in YAML and in JSON', () => {
    const value = fc.oneof(
      fc.constantFrom('Auto', '', '5m', '0', '1Gi', null, true, [], {}, 0.5),
      // Written without quotes, and read as something else: the merge key, and a number as Go writes it (0X1F).
      fc.jsonValue({ maxDepth: 2 }).filter((json) => !/"(<<"|[-+]?0[XOB])/.test(JSON.stringify(json))),
    );
    const field = fc.constantFrom(
      ...[
        'mode',
        'weight',
        'selector',
        'metricsConfig',
        'resourceBounds',
        'updateStrategy',
        'reconciliationInterval',
        'x.y',
      ],
    );
    fc.assert(
      fc.property(fc.dictionary(field, value), fc.boolean(), (spec, json) => {
        const object = { apiVersion: 'optipod.io/v1alpha1', kind: 'OptimizationPolicy', metadata: {}, spec };
        const text = json ? JSON.stringify(object) : stringify(object, { version: '1.1' });
        const expected = policyValidator.validate(JSON.parse(JSON.stringify(object))).map(({ path }) => path);
        expect(judge('any', text).findings.map(({ path }) => path)).to.have.members(expected);
      }),
    );
  });
});

function at({ line, column, path }: Finding): string {
  return `${line}:${column} ${path}`;
}
