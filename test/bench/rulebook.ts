import { ApiObject, App, Chart, Yaml } from 'cdk8s';
import { OptimizationPolicy } from 'optipod';
import { policyValidator } from 'optipod/lib/api';
import { parseAllDocuments, stringify } from 'yaml';
import { judge } from '../../cli/validation/findings.js';
import { inTurns, type Ratio } from './measure.js';

const POLICIES = 1000;

/** One policy validated, without reading it, against reading its JSON. */
export async function validation(): Promise<Ratio> {
  const policies = Array.from({ length: POLICIES }, (_, i) => policy(i));
  const texts = policies.map((one) => JSON.stringify(one));
  let [i, j] = [0, 0];
  const { ours, peer } = await inTurns(
    5 * POLICIES,
    () => {
      const errors = policyValidator.validate(policies[i++ % POLICIES]);
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
    },
    () => JSON.parse(texts[j++ % POLICIES] ?? '') as unknown,
  );
  return { name: 'validate a policy', ours, peer: 'JSON.parse of it', ratio: ours / peer };
}

/** As `optipod validate` does it with a file of each, without reading the disk, against parsing the same YAML. */
export async function files(): Promise<Ratio> {
  const texts = Array.from({ length: POLICIES }, (_, i) => stringify(policy(i)));
  const { ours, peer } = await inTurns(
    1,
    () => {
      for (const text of texts) if (judge('policy.yaml', text).findings.length > 0) throw new Error(text);
    },
    () => {
      for (const text of texts) for (const document of parseAllDocuments(text)) document.toJS();
    },
  );
  return { name: `validate ${String(POLICIES)} files`, ours, peer: 'parsing them', ratio: ours / peer };
}

/** Constructs against the objects they make, to YAML. */
export async function synthesis(): Promise<Ratio> {
  const synth = (add: (chart: Chart, i: number) => unknown) => () => {
    const chart = new Chart(new App(), 'policies');
    for (let i = 0; i < POLICIES; i += 1) add(chart, i);
    return Yaml.stringify(...(chart.toJson() as unknown[]));
  };
  const { ours, peer } = await inTurns(
    1,
    // cdk8s validates the app in `chart.toJson()`.
    synth((chart, i) => {
      const { metadata, spec } = policy(i);
      return new OptimizationPolicy(chart, metadata.name, { metadata, ...spec } as never);
    }),
    synth((chart, i) => new ApiObject(chart, `web-${String(i)}`, policy(i))),
  );
  return {
    name: `synthesize ${String(POLICIES)} constructs`,
    ours,
    peer: 'as many bare ApiObjects',
    ratio: ours / peer,
  };
}

/** No two are the same, and no two teams invent intervals and amounts of their own. */
function policy(i: number) {
  const of = <T>(...values: T[]) => values[i % values.length];
  return {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { name: `web-${String(i)}`, namespace: 'optipod', labels: { team: `team-${String(i % 50)}` } },
    spec: {
      mode: of('Recommend', 'Auto'),
      weight: 1 + (i % 1000),
      selector: {
        namespaceSelector: { matchLabels: { team: `team-${String(i)}` } },
        workloadSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['web', `tier-${String(i)}`] }] },
        namespaces: { deny: ['kube-system', `secret-${String(i)}`] },
        workloadTypes: { include: ['Deployment', 'StatefulSet'] },
      },
      metricsConfig: { provider: 'prometheus', rollingWindow: of('24h', '7d', '2w', '36h'), percentile: 'P90' },
      resourceBounds: {
        cpu: { min: `${String(50 + 10 * (i % 20))}m`, max: String(1 + (i % 8)) },
        memory: { min: `${String(64 + 32 * (i % 30))}Mi`, max: `${String(1 + (i % 16))}Gi` },
      },
      updateStrategy: { strategy: 'webhook', updateRequestsOnly: false },
      reconciliationInterval: of('5m', '10m', '1h'),
    },
  };
}
