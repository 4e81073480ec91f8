import { App, Chart, JsonPatch } from 'cdk8s';
import { expect } from 'chai';
import { CustomResource } from 'optipod';
import { defineResource, quantity } from 'optipod/kube';

const Sandbox = defineResource({
  group: 'demo.example.com',
  version: 'v1alpha1',
  kind: 'Sandbox',
  scope: 'Cluster',
  description: 'A namespace for one person and some hours.',
  spec: {
    type: 'object',
    required: ['owner'],
    properties: {
      owner: { type: 'string', minLength: 1 },
      hours: { type: 'integer', minimum: 1, maximum: 168, default: 24 },
      cpu: quantity({ default: '4', description: 'CPU that its pods may request together.' }),
    },
  },
});

describe('a custom resource in a chart', () => {
  it('B-FRM-1 is what its author wrote, without the defaults', () => {
    const { app, chart } = empty();
    new CustomResource(chart, 'anna', Sandbox, {
      metadata: { name: 'anna', labels: { team: 'web' } },
      spec: { owner: 'anna@example.com', cpu: 8 },
    });
    app.synthYaml();
    expect(chart.toJson()).to.deep.equal([
      {
        apiVersion: 'demo.example.com/v1alpha1',
        kind: 'Sandbox',
        metadata: { name: 'anna', labels: { team: 'web' } },
        spec: { owner: 'anna@example.com', cpu: 8 },
      },
    ]);
  });

  it('B-FRM-1 is typed by its definition, as it is written', () => {
    const { chart } = empty();
    const typed = (make: () => unknown) => expect(make).to.be.a('function');
    // @ts-expect-error -- a required field is missing
    typed(() => new CustomResource(chart, 'a', Sandbox, { spec: { hours: 1 } }));
    // @ts-expect-error -- a number of hours is no text
    typed(() => new CustomResource(chart, 'b', Sandbox, { spec: { owner: 'x', hours: 'many' } }));
    // @ts-expect-error -- there is no such field
    typed(() => new CustomResource(chart, 'c', Sandbox, { spec: { owner: 'x', days: 1 } }));
    typed(() => new CustomResource(chart, 'd', Sandbox, { spec: { owner: 'x', cpu: '500m' } }));
  });

  for (const [what, spec, said] of [
    ['a value out of range', { owner: 'anna', hours: 1000 }, 'spec.hours: Invalid value: 1000'],
    ['what a rule of the schema refuses', { owner: 'anna', cpu: 'lots' }, 'must be a quantity such as 500m, 2 or 1Gi'],
    ['an unknown field', { owner: 'anna', days: 1 }, 'spec.days'],
  ] as const) {
    it(`B-INS-2 fails synthesis for ${what}, and says where it is`, () => {
      const { app, chart } = empty();
      new CustomResource(chart, 'anna', Sandbox, { spec: spec as object as { owner: string } });
      expect(() => app.synthYaml())
        .to.throw(said)
        .and.to.have.property('message')
        .that.includes('chart/anna');
    });
  }

  it('B-INS-2 is judged as it is written in the end, patches and all', () => {
    const { app, chart } = empty();
    const { apiObject } = new CustomResource(chart, 'anna', Sandbox, { spec: { owner: 'anna' } });
    apiObject.addJsonPatch(JsonPatch.replace('/spec/owner', ''));
    expect(() => app.synthYaml()).to.throw('spec.owner');
  });
});

function empty(): { app: App; chart: Chart } {
  const app = new App();
  return { app, chart: new Chart(app, 'chart') };
}
