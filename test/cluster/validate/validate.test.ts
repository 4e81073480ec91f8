import { expect } from 'chai';
import { World } from '../webhook/world.js';
import { untilAsked } from './authors.js';
import { outages } from './outages.js';
import { reach } from './reach.js';
import { rules } from './rules.js';
import { warnings } from './warnings.js';

describe('the judgement of policies on a real kube-apiserver', function () {
  this.timeout(60_000);
  let world: World;

  before(async () => {
    // Not as it is installed: here a policy that was not judged would look like one that was allowed.
    world = await World.start({ name: 'validate', failurePolicy: 'Fail' });
    await untilAsked(world, await world.namespace('warm-up'));
  });
  after(() => world.stop());

  describe('warnings', () => warnings(() => world));
  describe('the reach of an author', () => reach(() => world));

  describe('between them', () => {
    it('B-WEB-7 B-OPR-5 neither process asked for anything that its rights do not cover', async () => {
      const codes = await Promise.all(
        world.allMetrics.map(async ({ restClientRequests }) => (await restClientRequests.get()).values),
      );
      const seen = new Set(codes.flat().map(({ labels }) => String(labels.code)));
      expect(seen).to.include('201');
      expect(seen).not.to.include('403');
      expect(seen).not.to.include('401');
    });
  });

  describe('outages', () => outages(() => world));
  describe('rules', () => rules(() => world));
});
