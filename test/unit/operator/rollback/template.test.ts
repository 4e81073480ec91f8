import { expect } from 'chai';
import { TemplateShop } from './template-shop.js';

const app = (cpu?: string, memory?: string) => ({
  name: 'app',
  ...(cpu === undefined ? {} : { cpu: { request: cpu } }),
  ...(memory === undefined ? {} : { memory: { request: memory } }),
});
const requests = (cpu?: string, memory?: string) => ({
  requests: { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) },
});
const HOUR = 60;

for (const useServerSideApply of [true, false]) {
  describe(`a template that goes back, useServerSideApply ${useServerSideApply}`, () => {
    const shop = (given: Omit<ConstructorParameters<typeof TemplateShop>[0], 'useServerSideApply'>) => {
      const made = new TemplateShop({ ...given, useServerSideApply });
      made.regress();
      return made;
    };
    /** Memory was first applied with the change that went wrong. */
    const regressed = () =>
      shop({ originals: [app('500m', '512Mi')], before: [app('240m')], changed: [app('240m', '128Mi')] });

    it('B-APP-11 has its original of a resource that the change before did not have', async () => {
      const template = regressed();
      await template.passes(HOUR);
      expect(template.resources).to.deep.equal({ app: requests('240m', '512Mi') });
      expect(template.rollouts).to.equal(1);
      expect(template.events).to.deep.equal([]);
    });

    it('B-APP-11 has its originals of a container that the change before did not have', async () => {
      const side = { ...app('200m', '64Mi'), name: 'side' };
      const template = shop({
        originals: [app('500m', '512Mi'), { ...side, cpu: { request: '1' } }],
        before: [app('240m', '400Mi')],
        changed: [app('200m', '300Mi'), side],
      });
      await template.passes(HOUR);
      expect(template.resources).to.deep.equal({ app: requests('240m', '400Mi'), side: requests('1', '64Mi') });
    });

    it('B-APP-11 says nothing again of what it said nothing of, and nobody is blamed for that', async () => {
      const template = shop({ originals: [app('500m')], before: [app('240m')], changed: [app('240m', '128Mi')] });
      await template.passes(HOUR);
      expect(template.resources).to.deep.equal({ app: requests('240m') });
      expect(template.rollouts).to.equal(1);
      expect(template.events).to.deep.equal([]);
      expect(template.reason).to.equal('Regressed');
      const all = shop({ originals: [app()], changed: [app('240m', '128Mi')] });
      await all.passes(HOUR);
      expect(all.resources).to.deep.equal({ app: requests() });
    });

    it('B-APP-2 keeps what is of an earlier policy, which the change was not about', async () => {
      const template = shop({ originals: [app('500m', '512Mi')], changed: [app('240m', '300Mi')] });
      const { suspension } = template.applying;
      if (!suspension) throw new Error('it is not held');
      template.applying = { ...template.applying, suspension: { ...suspension, containers: [app('240m')] } };
      await template.passes(HOUR);
      expect(template.resources).to.deep.equal({ app: requests('500m', '300Mi') });
    });

    for (const by of [
      ['kustomize-controller', 'Apply'],
      ['kubectl-edit', 'Update'],
    ] as const) {
      it(`B-GIT-3 is left as ${by[0]} says it, before it went back or since`, async () => {
        const early = regressed();
        early.edit(by, 'app', requests(undefined, '1Gi'));
        await early.passes(HOUR);
        expect(early.resources).to.deep.equal({ app: requests('240m', '1Gi') });
        expect(early.rollouts).to.equal(0);
        const late = regressed();
        await late.passes(HOUR);
        await late.passes(HOUR, () => late.edit(by, 'app', requests(undefined, '1Gi')));
        expect(late.resources).to.deep.equal({ app: requests('240m', '1Gi') });
        expect(late.rollouts).to.equal(1);
        expect(late.events).to.deep.equal([]);
        expect(late.reason).to.equal('Regressed');
      });
    }

    it('B-APP-11 kubectl rollout undo is not fought, and holds for as long as ever', async () => {
      const template = regressed();
      await template.passes(HOUR);
      template.edit(['kubectl', 'Update'], 'app', requests('500m', '600Mi'));
      await template.passes(HOUR);
      expect(template.resources).to.deep.equal({ app: requests('500m', '600Mi') });
      expect(template.rollouts).to.equal(1);
      expect(template.events).to.deep.equal(['RolledBack']);
      expect(template.reason).to.equal('RolledBack');
    });
  });
}
