import { expect } from 'chai';
import { MutatingWebhookConfiguration, Secret } from 'optipod/kube';
import { NAMES } from 'optipod/lib/optipod';
import { createAuthority, isSignedBy, issueLeaf } from '../../../operator/runtime/index.js';
import { waitFor } from '../../kit/index.js';
import {
  annotationsOf,
  createPolicy,
  createWorkload,
  newborn,
  podsOf,
  recommended,
  resourcesOf,
  untilNewborn,
} from './pods.js';
import type { World } from './world.js';

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };
const SECRET = { namespace: NAMES.namespace, name: NAMES.certificateSecret };
const CONFIGURATION = { name: NAMES.webhookConfiguration };

export function outages(here: () => World): void {
  let world: World;
  let namespace: string;

  before(async () => {
    world = here();
    namespace = await world.namespace('outages');
  });

  const secret = () => world.client.get(Secret, SECRET);
  const item = async (name: string) => Buffer.from((await secret()).data?.[name] ?? '', 'base64').toString();
  const bundle = async () => {
    const { webhooks = [] } = await world.client.get(MutatingWebhookConfiguration, CONFIGURATION);
    return webhooks[0]?.clientConfig.caBundle;
  };

  it('B-WEB-5 with the webhook down pods start with their own resources, and it comes back to what it did', async () => {
    const policy = await createPolicy(world, namespace, 'down');
    const own = { requests: { cpu: '100m' } };
    const options = { annotations: annotationsOf(policy, { app: wanted }) };
    const workload = await recommended(world, namespace, 'probe', { app: wanted });
    await untilNewborn(world, workload, wanted);
    await world.stopWebhook();
    try {
      for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
        const name = `down-${kind.toLowerCase()}`;
        await createWorkload(world, namespace, name, {
          ...options,
          kind,
          containers: [{ name: 'app', image: 'i', resources: own }],
        });
        const [pod] = await podsOf(world, namespace, name);
        expect(resourcesOf(pod)).to.deep.equal(own);
      }
    } finally {
      await world.startWebhook();
    }
    await untilNewborn(world, workload, wanted);
    await createWorkload(world, namespace, 'up', options);
    const [pod] = await podsOf(world, namespace, 'up');
    expect(resourcesOf(pod)).to.deep.equal(wanted);
  });

  it('B-WEB-6 the certificate is deleted: it comes back, and pods are injected as before', async () => {
    const workload = await recommended(world, namespace, 'deleted', { app: wanted });
    await untilNewborn(world, workload, wanted);
    const before = await secret();
    await world.client.delete(Secret, SECRET);
    const after = await waitFor('another certificate', secret);
    expect(after.metadata.uid).not.to.equal(before.metadata.uid);
    expect(after.type).to.equal('kubernetes.io/tls');
    await waitFor('the trust in it', async () => ((await bundle()) === after.data?.['ca.crt'] ? true : undefined));
    await untilNewborn(world, workload, wanted);
    await settled(workload);
  });

  it('B-WEB-6 the trust is taken away, as by an installer that is careless: it comes back', async () => {
    const workload = await recommended(world, namespace, 'trust', { app: wanted });
    const trusted = await bundle();
    const none = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    await world.client.patch(MutatingWebhookConfiguration, CONFIGURATION, none, { type: 'json' });
    await waitFor('the trust to be back', async () => ((await bundle()) === trusted ? true : undefined));
    await untilNewborn(world, workload, wanted);
    await settled(workload);
  });

  it('B-WEB-6 a pair that does not match is replaced; meanwhile the one before is served', async () => {
    const workload = await recommended(world, namespace, 'mismatch', { app: wanted });
    await untilNewborn(world, workload, wanted);
    const before = await item('tls.crt');
    const foreign = await issueLeaf(await createAuthority(new Date()), ['localhost'], new Date());
    const data = { 'tls.key': Buffer.from(foreign.key).toString('base64') };
    await world.client.patch(Secret, SECRET, { data }, { type: 'merge' });
    await waitFor('a pair that matches', async () => ((await item('tls.crt')) === before ? undefined : true));
    expect(isSignedBy(await item('tls.crt'), await item('ca.crt'))).to.equal(true);
    await untilNewborn(world, workload, wanted);
    await settled(workload);
  });

  /** Nothing is in between any more: pod after pod gets its resources. */
  async function settled(workload: Parameters<typeof newborn>[1]): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      expect(resourcesOf(await newborn(world, workload))).to.deep.equal(wanted);
    }
  }
}
