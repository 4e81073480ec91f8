import { expect } from 'chai';
import type { Validation } from 'cdk8s-cli/plugins';
import { OptiPodValidation, type ValidationContext, type Violation } from '../../../constructs/validation.js';
import { web } from './policies.js';

const { metadata, ...spec } = web;
const right = { apiVersion: 'optipod.io/v1alpha1', kind: 'OptimizationPolicy', metadata, spec };
const wrong = { ...right, metadata: { name: 'wrong' }, spec: { ...spec, weight: 0 } };

describe('the validation plug-in', () => {
  it('is what cdk8s-cli takes for one', () => {
    const plugin: Validation = new OptiPodValidation();
    expect(plugin).to.respondTo('validate');
  });

  it('passes good policies and whatever is none', async () => {
    const others = [null, 'text', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } }];
    const foreign = { apiVersion: 'example.com/v1', kind: 'OptimizationPolicy', metadata: { name: 'x' } };
    expect(await verdict({ 'a.yaml': [right, foreign, ...others] })).to.deep.equal({
      status: 'success',
      violations: [],
    });
  });

  it('tells of a wrong field in which policies it is, and what the field is for', async () => {
    const twice = { ...wrong, metadata: { name: 'twice' } };
    const { status, violations } = await verdict({ 'a.yaml': [right, wrong], 'b.yaml': [twice] });
    expect(status).to.equal('failure');
    expect(violations).to.deep.equal([
      {
        ruleName: 'spec.weight',
        recommendation: 'spec.weight: Invalid value: 0: spec.weight in body should be greater than or equal to 1',
        fix: 'Of several policies that match a workload the one with the highest weight acts. Default: 100.',
        violatingResources: [
          { resourceName: 'wrong', manifestPath: 'a.yaml', locations: ['spec.weight'] },
          { resourceName: 'twice', manifestPath: 'b.yaml', locations: ['spec.weight'] },
        ],
      },
    ]);
  });

  it('explains fields that are missing, unknown or in lists by what is known of them', async () => {
    const { selector, ...rest } = spec;
    const unknown = { ...wrong, spec: { ...rest, selctor: selector } };
    const inList = { ...wrong, spec: { ...spec, selector: { workloadTypes: { include: ['CronJob'] } } } };
    const { violations } = await verdict({ 'a.yaml': [unknown, inList] });
    expect(violations.map(({ ruleName, fix }) => [ruleName, fix.split(/[.:]/)[0]])).to.deep.equal([
      ['spec.selctor', 'What the policy asks for'],
      ['spec.selector', 'Which workloads the policy applies to'],
      ['spec.selector.workloadTypes.include[0]', 'Only these kinds'],
    ]);
  });

  it('B-API-9 looks into lists, and refuses versions and kinds that there are not', async () => {
    const newer = { ...right, apiVersion: 'optipod.io/v2' };
    const mistyped = { ...right, kind: 'OptimisationPolicy' };
    const written = { ...right, kind: 'WorkloadRecommendation' };
    const { apiVersion: _, ...without } = right;
    for (const meant of [without, { ...right, apiVersion: 'v1' }, { ...right, apiVersion: 'optipod.io' }]) {
      const { status, violations } = await verdict({ 'a.yaml': [meant] });
      expect([status, ...violations.map(({ ruleName }) => ruleName)]).to.deep.equal(['failure', 'apiVersion']);
    }
    const list = { apiVersion: 'v1', kind: 'List', items: [right, wrong, newer, mistyped, written] };
    const { violations } = await verdict({ 'a.yaml': [list] });
    expect(violations.map(({ ruleName }) => ruleName)).to.deep.equal(['spec.weight', 'apiVersion', 'kind']);
  });
});

async function verdict(files: Readonly<Record<string, unknown[]>>) {
  const violations: Violation[] = [];
  let status = 'none';
  const context: ValidationContext = {
    manifests: Object.keys(files),
    parseManifest: (path) => files[path] ?? [],
    report: {
      addViolation: (violation) => violations.push(violation),
      submit: (said) => (status = said),
    },
  };
  await new OptiPodValidation().validate(context);
  return { status, violations };
}
