import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Chart, JsonPatch, Testing } from 'cdk8s';
import { expect } from 'chai';
import fc from 'fast-check';
import { OptimizationPolicy, type OptimizationPolicyProps } from '../../../constructs/index.js';
import { OptimizationPolicy as Imported, OptimizationPolicySpecMode } from '../../../imports/optipod.io.js';
import { policyValidator } from '../../../lib/api/index.js';
import { web } from './policies.js';
import { chartOfPolicies, synthPolicy } from './synth-policy.js';

describe('the OptimizationPolicy construct', () => {
  it('writes every field as it is given', () => {
    const { metadata, ...spec } = web;
    expect(synthPolicy(web)).to.deep.equal({
      apiVersion: 'optipod.io/v1alpha1',
      kind: 'OptimizationPolicy',
      metadata: { ...metadata, namespace: 'policies' },
      spec,
    });
  });

  it('leaves out what is not given, so that the defaults of the cluster apply', () => {
    const { mode, selector, metricsConfig, resourceBounds } = web;
    const spec = { mode, selector, metricsConfig, resourceBounds, updateStrategy: {} };
    expect(synthPolicy(spec)).to.have.property('spec').that.deep.equals(spec);
  });

  it('has the name that cdk8s derives, where none is given', () => {
    const chart = chartOfPolicies();
    const { metadata: _, ...spec } = web;
    expect(new OptimizationPolicy(chart, 'web', spec).name).to.match(/^chart-web-/);
    expect(new OptimizationPolicy(chart, 'named', web).name).to.equal('web');
  });

  it('takes JSON patches of what is written, quantities among it', () => {
    const { spec } = synthPolicy(web, (policy) => {
      policy.apiObject.addJsonPatch(JsonPatch.replace('/spec/resourceBounds/cpu/max', '8'));
    });
    expect(spec.resourceBounds).to.have.nested.property('cpu.max', '8');
  });
});

describe('synthesis of an OptimizationPolicy', () => {
  const wrong = {
    ...web,
    weight: 0,
    resourceBounds: { ...web.resourceBounds, cpu: { min: '5', max: 4 } },
  };
  const complaint = new RegExp(
    [
      'Validation failed with the following errors:',
      '  \\[chart/web\\] spec.weight: Invalid value: 0: spec.weight in body should be greater than or equal to 1',
      '  \\[chart/web\\] spec.resourceBounds.cpu.min: Invalid value: .*min must be less than or equal to max$',
    ].join('\n'),
  );

  let outdir: string;
  before(() => (outdir = mkdtempSync(join(tmpdir(), 'optipod-synth-'))));
  after(() => rmSync(outdir, { recursive: true }));

  for (const [how, synth] of [
    ['Testing.synth()', ({ chart }): unknown => Testing.synth(chart)],
    ['app.synth()', ({ app }) => app.synth()],
    ['app.synthYaml()', ({ app }) => app.synthYaml()],
  ] as readonly [string, (made: { app: App; chart: Chart }) => unknown][]) {
    it(`fails with kube-apiserver's words and the path of the construct: ${how}`, () => {
      const app = new App({ outdir });
      const chart = new Chart(app, 'chart');
      new OptimizationPolicy(chart, 'web', wrong);
      expect(() => synth({ app, chart })).to.throw(complaint);
    });
  }

  it('judges what is written in the end', () => {
    expect(() =>
      synthPolicy(web, (policy) => {
        policy.apiObject.addJsonPatch(JsonPatch.add('/spec/mod', 'Auto'));
      }),
    ).to.throw('[chart/web] spec.mod: unknown field "spec.mod"');
  });

  it('refuses what the one validator refuses, and nothing else', () => {
    let refused = 0;
    fc.assert(
      fc.property(specs(), (spec) => {
        const errors = policyValidator.validate({
          apiVersion: 'optipod.io/v1alpha1',
          kind: 'OptimizationPolicy',
          metadata: { name: 'web' },
          spec,
        });
        const lines = errors.map(({ path, message }) => `[chart/web] ${path}: ${message}`);
        if (lines.length > 0) refused++;
        expect(complaints(() => synthPolicy(spec as unknown as OptimizationPolicyProps))).to.deep.equal(lines);
      }),
    );
    expect(refused).to.be.greaterThan(0);
  });
});

describe('an OptimizationPolicy made of something else', () => {
  const { metadata, ...spec } = web;

  it('is what the class would make that cdk8s import gives', () => {
    const given = { metadata, spec: { ...spec, mode: OptimizationPolicySpecMode.RECOMMEND } } as never;
    const chart = chartOfPolicies();
    const imported = new Imported(chart, 'imported', given);
    const made = OptimizationPolicy.fromManifest(chart, 'made', given);
    expect(made.apiObject.toJson()).to.deep.equal(synthPolicy(web));
    const again = OptimizationPolicy.fromManifest(chart, 'again', imported.toJson() as typeof given);
    expect(again.apiObject.toJson()).to.have.property('spec').that.deep.includes({ mode: 'Recommend', weight: 200 });
  });

  it('must be one', () => {
    const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', spec: {} };
    expect(() => OptimizationPolicy.fromManifest(chartOfPolicies(), 'web', manifest)).to.throw(
      'chart/web: apps/v1 Deployment is no optipod.io/v1alpha1 OptimizationPolicy',
    );
  });
});

/** Policies of which each field is right, wrong or missing. */
function specs(): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const odd = fc.constantFrom(...[0, -1, 1.5, '', 'x', true, [], {}, ['a', 'a'], 1001]);
  const maybe = (...right: readonly unknown[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: odd });
  const bound = fc.oneof(
    { weight: 6, arbitrary: fc.record({ min: maybe('50m', 1, '1Gi'), max: maybe('1Gi', 4) }) },
    { weight: 1, arbitrary: odd },
  );
  return fc.record(
    {
      mode: maybe('Auto', 'Disabled'),
      weight: maybe(1, 1000),
      selector: maybe({ namespaces: { deny: ['a'] } }, { workloadTypes: {} }),
      metricsConfig: maybe({ provider: 'custom' }, { provider: 'custom', safetyFactor: 0.5 }),
      resourceBounds: fc.record({ cpu: bound, memory: bound }, { requiredKeys: ['cpu'] }),
      updateStrategy: maybe({}, { strategy: 'ssa' }, { strategies: 'ssa' }),
      reconciliationInterval: maybe('5m', '9s'),
    },
    { requiredKeys: ['selector', 'metricsConfig'] },
  );
}

/** The lines of the errors of a synthesis. */
function complaints(synth: () => unknown): string[] {
  try {
    synth();
    return [];
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1);
  }
}
