import { expect } from 'chai';
import { minutes } from '../../support/tries.js';
import { anyPod } from './any-pod.js';
import { authority } from './authority.js';
import { injection } from './injection.js';
import { outages } from './outages.js';
import { createNodeOnPaper, recommended, untilNewborn } from './pods.js';
import { reinvocation } from './reinvocation.js';
import { validity } from './validity.js';
import { World } from './world.js';
import { young } from './young.js';

describe('the webhook on a real kube-apiserver', function () {
  this.timeout(minutes(1));
  let world: World;

  before(async () => {
    world = await World.start({ operator: 'certificates' });
    await createNodeOnPaper(world);
    const namespace = await world.namespace('warm-up');
    const wanted = { requests: { cpu: '240m' } };
    const workload = await recommended(world, namespace, 'web', { app: wanted });
    await untilNewborn(world, workload, wanted);
  });
  after(() => world.stop());

  describe('injection', () => injection(() => world));
  describe('other webhooks', () => reinvocation(() => world));
  describe('validity of the result', () => {
    validity(() => world);
    anyPod(() => world);
  });
  describe('the policy’s word', () => authority(() => world));
  describe('outages and certificates', () => outages(() => world));
  // Last of all: it leaves the controllers busy with what it made.
  describe('pods younger than the watch', () => young(() => world));

  // A test beside the groups would come before them.
  describe('after all that', () => {
    it('B-WEB-7 B-OPR-5 neither process asked for anything that its rights do not cover', async () => {
      const codes = await Promise.all(
        world.allMetrics.map(async ({ restClientRequests }) => (await restClientRequests.get()).values),
      );
      const seen = new Set(codes.flat().map(({ labels }) => String(labels.code)));
      expect(seen).to.include('200');
      expect(seen).not.to.include('403');
      expect(seen).not.to.include('401');
    });
  });
});
