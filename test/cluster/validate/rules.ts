import { expect } from 'chai';
import { OptimizationPolicy } from 'optipod/lib/api';
import { crd } from 'optipod/kube';
import { waitFor } from '../../kit/index.js';
import type { World } from '../webhook/world.js';
import { create, edit, kubectlOf, written, type Kubectl } from './authors.js';

/** What the rulebook says and a CRD without rules does not. */
const BROKEN = {
  resourceBounds: { cpu: { min: '4', max: '1' }, memory: { min: '0', max: '4Gi' } },
  metricsConfig: { provider: 'prometheus', rollingWindow: '1m' },
};

/** The last ones: they leave the cluster with a CRD that knows no rules, as one of an older version would. */
export function rules(here: () => World): void {
  let world: World;
  let namespace: string;
  let admin: Kubectl;
  let byCrd: string;

  before(async () => {
    world = here();
    namespace = await world.namespace('rules');
    admin = kubectlOf(world);
    const refused = await create(admin, written(namespace, 'web', BROKEN));
    expect(refused.ok).to.equal(false);
    byCrd = refused.refusal;
    await world.apply([withoutRules(crd(OptimizationPolicy)) as object]);
  });

  it('B-API-9 with an old CRD the webhook refuses the same, in the same words, with every finding', async () => {
    const refused = await waitFor('kube-apiserver to know the old CRD', async () => {
      const { refusal } = await create(admin, written(namespace, 'web', BROKEN));
      const { invalid = 0 } = await world.results('policies');
      return invalid > 0 ? refusal : undefined;
    });
    expect(findings(refused)).to.deep.equal(findings(byCrd));
    expect(findings(refused)).to.have.lengthOf.at.least(3);
    expect(refused).to.match(/^The OptimizationPolicy "web" is invalid/);
  });

  it('B-API-9 what was broken before and is unchanged stands with a warning; what an edit breaks does not', async () => {
    await world.stopWebhook();
    expect((await create(admin, written(namespace, 'old', BROKEN))).refusal).to.equal('');
    await world.startWebhook();
    await waitFor('the webhook to be asked again', async () => {
      const { ok } = await admin(['create', '--dry-run=server', '-f', '-'], written(namespace, 'probe', BROKEN));
      return ok ? undefined : true;
    });
    const labels = await edit(admin, namespace, 'old', { metadata: { labels: { a: 'b' } } });
    expect(labels).to.deep.include({ ok: true, warnings: [] });
    const weight = await edit(admin, namespace, 'old', { spec: { weight: 7 } });
    expect(weight.refusal).to.equal('');
    expect(weight.warnings).to.have.lengthOf(findings(byCrd).length);
    for (const line of weight.warnings) expect(line).to.match(/^spec\..*; it stands because it is as it was$/);
    const worse = await edit(admin, namespace, 'old', { spec: { resourceBounds: { cpu: { max: '2' } } } });
    expect(worse.refusal).to.contain('min must be less than or equal to max');
    expect(worse.refusal).not.to.contain('rollingWindow');
  });
}

/** Of kubectl's message: on one line, or on a line each. */
function findings(refusal: string): string[] {
  const [, said = ''] = /is invalid:\s*([^]*)$/.exec(refusal) ?? [];
  return said
    .split('\n')
    .map((line) => line.replace(/^\* /, '').trim())
    .filter((line) => line !== '')
    .sort();
}

function withoutRules(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRules);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'x-kubernetes-validations');
  return Object.fromEntries(kept.map(([key, child]) => [key, withoutRules(child)]));
}
