import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import {
  MutatingWebhookConfiguration,
  Secret,
  ValidatingWebhookConfiguration,
  type WebhookConfiguration,
  type WorkloadObject,
} from 'optipod/kube';
import { OptimizationPolicy } from 'optipod/lib/api';
import { NAMES } from 'optipod/lib/optipod';
import { createInformer, isSignedBy, splitBundle, type Informer } from '../../../operator/runtime/index.js';
import { waitFor } from '../../kit/index.js';
import { newborn, recommended, resourcesOf, untilNewborn } from './pods.js';
import { reviewsAtRate, type Load, type Review } from './reviews-at-rate.js';
import { World } from './world.js';

/** In `npm run test:soak`, which sets it, there are more. */
const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const ROTATIONS = SOAK ? 100 : 8;
/** Of them with another authority; each takes a day of the operator's clock. */
const AUTHORITIES = SOAK ? 15 : 2;
/** Other tests have the machine, too. */
const PER_SECOND = SOAK ? 200 : 50;

const DAY = 24 * 3_600_000;
const wanted = { requests: { cpu: '240m', memory: '512Mi' } };
const SECRET = { namespace: NAMES.namespace, name: NAMES.certificateSecret };
const SOON = { everyMs: 20, timeoutMs: 30_000 };

describe('the rotation of certificates under load', function () {
  this.timeout(SOAK ? 1_200_000 : 180_000);
  /** Certificates live for 90 days from here, and all of this is over in 80. */
  let clock = Date.now() - 80 * DAY;
  let world: World;
  let workload: WorkloadObject;
  let trust: Informer<WebhookConfiguration>[];
  let load: Load;
  let stop: AbortController;
  const running: Promise<unknown>[] = [];
  const refused: string[] = [];
  let pods = 0;
  let policies = 0;
  /** Connections over which kube-apiserver asked the webhook. */
  const byApiserver = new Set<Socket>();
  const note = (message: unknown) => {
    const { request, socket } = message as { readonly request: IncomingMessage; readonly socket: Socket };
    if (socket.localPort !== world.port) return;
    if (request.headers['user-agent']?.startsWith('kube-apiserver')) byApiserver.add(socket);
  };

  before(async () => {
    stop = new AbortController();
    world = await World.start({ name: 'rotation', operator: 'certificates', now: () => clock, failurePolicy: 'Fail' });
    subscribe('http.server.request.start', note);
    const namespace = await world.namespace('rotation');
    await world.namespace('handshakes', { handshakes: 'all' });
    const options = { fieldSelector: `metadata.name=${NAMES.webhookConfiguration}` };
    trust = [MutatingWebhookConfiguration, ValidatingWebhookConfiguration].map((kind) =>
      createInformer(world.client, kind, options),
    );
    running.push(...trust.map((informer) => informer.run(stop.signal)));
    await Promise.all(trust.map(({ synced }) => synced));
    workload = await recommended(world, namespace, 'web', { app: wanted });
    await untilNewborn(world, workload, wanted);
  });

  after(async () => {
    stop.abort();
    await Promise.all(running);
    unsubscribe('http.server.request.start', note);
    await world.stop();
  });

  const secret = async () => {
    const { data = {}, metadata } = await world.client.get(Secret, SECRET);
    const item = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString();
    return { metadata, leaf: item('tls.crt'), authorities: splitBundle(item('ca.crt')) };
  };
  const bundles = () => trust.map((informer) => bundleOf(informer.list()[0]));
  const published = async () => {
    const { authorities } = await secret();
    return bundles().every((bundle) => bundle === authorities.join('')) ? true : undefined;
  };
  const empty = (item: string) => world.client.patch(Secret, SECRET, { data: { [item]: '' } }, { type: 'merge' });

  /** Time passes, and something happens upon which the operator looks at its clock. */
  async function later(ms: number): Promise<void> {
    clock += ms;
    const annotations = { 'example.com/seen': String(clock) };
    await world.client.patch(Secret, SECRET, { metadata: { annotations } }, { type: 'merge' });
  }

  /** Until it is given up, or something was not as it should be. */
  async function again(act: (round: number) => Promise<unknown>): Promise<void> {
    for (let round = 0; !stop.signal.aborted; round += 1) {
      await act(round).catch((error: unknown) => refused.push(String(error)));
    }
  }

  function startLoad(): void {
    const { uid, name, namespace = '' } = workload.metadata;
    load = reviewsAtRate(world.port, PER_SECOND, reviewsOf(workload), () => bundles()[0] ?? '');
    stop.signal.addEventListener('abort', () => running.push(load.stop()));
    const pod = async () => {
      const born = await newborn(world, workload);
      if (JSON.stringify(resourcesOf(born)) !== JSON.stringify(wanted)) throw new Error('a pod with its own resources');
      pods += 1;
    };
    const elsewhere = { kind: 'StatefulSet', metadata: { uid, name, namespace: 'handshakes' } } as WorkloadObject;
    running.push(
      again(pod),
      again(() => newborn(world, elsewhere).then(() => (pods += 1))),
      again(async () => {
        await world.client.create(OptimizationPolicy, policyIn(namespace), { dryRun: true });
        policies += 1;
      }),
    );
  }

  /**
   * Has kube-apiserver shake hands anew: connections that are open go on with the certificate that they began with, and it
   * keeps others for every bundle.
   */
  async function handshake(round: number): Promise<void> {
    const { size: before } = byApiserver;
    const [bundle = ''] = bundles();
    await world.apply([
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'handshakes' },
        webhooks: [
          {
            name: 'handshakes.example.com',
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            failurePolicy: 'Fail',
            clientConfig: {
              url: `https://localhost:${String(world.port)}/validate`,
              caBundle: Buffer.from(bundle + '\n'.repeat(round + 1)).toString('base64'),
            },
            namespaceSelector: { matchLabels: { handshakes: 'all' } },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          },
        ],
      },
    ]);
    await waitFor(
      'another connection of kube-apiserver',
      () => {
        if (byApiserver.size > before) return true;
        throw new Error(JSON.stringify({ connections: byApiserver.size, refused: refused.slice(-3) }));
      },
      SOON,
    );
  }

  /** A serving certificate other than this one is in the Secret, served, and taken by everybody. */
  async function served(before: string, round: number): Promise<string> {
    const { leaf } = await waitFor(
      'another certificate',
      async () => {
        const now = await secret();
        return now.leaf !== '' && now.leaf !== before ? now : undefined;
      },
      SOON,
    );
    const { serialNumber, validTo } = new X509Certificate(leaf);
    await waitFor('it to be served', () => (load.served === serialNumber ? true : undefined), SOON);
    await handshake(round);
    const [pod, policy] = [pods, policies];
    await waitFor('more pods and policies', () => (pods > pod + 5 && policies > policy + 1 ? true : undefined), SOON);
    const expiry = Date.parse(validTo) / 1000;
    for (const name of ['optipod_webhook_certificate_expiry', 'optipod_webhook_served_certificate_expiry']) {
      expect(await gauge(`${name}_timestamp_seconds`), name).to.equal(expiry);
    }
    return leaf;
  }

  /** Of whichever process has it. */
  async function gauge(name: string): Promise<number | undefined> {
    const metric = world.allMetrics.map(({ registry }) => registry.getSingleMetric(name)).find((one) => one);
    return (await metric?.get())?.values[0]?.value;
  }

  /** A new authority: published, then used, then alone. */
  async function changeAuthority(before: string, round: number): Promise<string> {
    const [old = ''] = (await secret()).authorities;
    await empty('ca.key');
    const [fresh = ''] = await waitFor(
      'both authorities',
      async () => {
        const { authorities } = await secret();
        return authorities.length === 2 && authorities[1] === old ? authorities : undefined;
      },
      SOON,
    );
    await waitFor('both to be published, in both configurations', published, SOON);
    expect((await secret()).leaf, 'served before it is known').to.equal(before);
    // In earnest it is a minute, for every kube-apiserver to have heard of it.
    const heard = pods;
    await Promise.all([pause(1000), load.turnover()]);
    await waitFor('pods by whoever has heard', () => (pods > heard + 10 ? true : undefined), SOON);
    await later(61_000);
    const leaf = await served(before, round);
    expect(isSignedBy(leaf, fresh)).to.equal(true);
    expect(bundles()[0]).to.equal(`${fresh}${old}`);
    await later(DAY);
    await waitFor(
      'the old one to be dropped',
      async () => ((await secret()).authorities.length === 1 ? published() : undefined),
      SOON,
    );
    expect(bundles()).to.deep.equal([fresh, fresh]);
    expect((await secret()).leaf).to.equal(leaf);
    return leaf;
  }

  it(`B-WEB-6 ${String(ROTATIONS)} rotations, ${String(AUTHORITIES)} of them of the authority: no failed handshake, no pod refused`, async () => {
    const from = performance.now();
    await waitFor('the trust', published, SOON);
    let { leaf } = await secret();
    startLoad();
    await waitFor('load', () => (pods > 5 && policies > 5 && load.served !== undefined ? true : undefined), SOON);
    for (let round = 0; round < ROTATIONS; round += 1) {
      if (round === 0) {
        // By itself, at two thirds of its life.
        await later(60 * DAY);
        leaf = await served(leaf, round);
      } else if (round <= AUTHORITIES) {
        leaf = await changeAuthority(leaf, round);
      } else {
        await empty('tls.crt');
        leaf = await served(leaf, round);
      }
      expect([...load.failures, ...refused], `after rotation ${String(round + 1)}`).to.deep.equal([]);
    }
    const seconds = (performance.now() - from) / 1000;
    await load.stop();
    expect([...load.failures, ...refused]).to.deep.equal([]);
    console.error(
      `      ${String(ROTATIONS)} rotations in ${seconds.toFixed(0)} s: ${String(load.answered)} reviews ` +
        `(${(load.answered / seconds).toFixed(0)}/s) over ${String(load.connections)} connections; by kube-apiserver ` +
        `${String(pods)} pods and ${String(policies)} policies over ${String(byApiserver.size)} connections; 0 failures`,
    );
  });
});

function bundleOf(configuration: WebhookConfiguration | undefined): string {
  return Buffer.from(configuration?.webhooks?.[0]?.clientConfig.caBundle ?? '', 'base64').toString();
}

function policyIn(namespace: string) {
  return {
    metadata: { namespace, name: 'dry' },
    spec: {
      mode: 'Recommend',
      selector: { namespaces: { allow: [namespace] } },
      metricsConfig: { provider: 'prometheus' },
      resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
      updateStrategy: {},
    },
  };
}

/** A pod that gets resources, time and again, and a policy now and then, whose author is asked about. */
function reviewsOf({ metadata: { namespace = '', name, uid } }: WorkloadObject): Review[] {
  const review = (kind: object, object: object, more: object = {}) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'direct', kind, operation: 'CREATE', namespace, object, ...more },
  });
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true }];
  const pod: Review = {
    path: '/mutate',
    expected: '"uid":"direct","allowed":true,"patchType":"JSONPatch"',
    body: review(
      { group: '', version: 'v1', kind: 'Pod' },
      { metadata: { ownerReferences }, spec: { containers: [{ name: 'app', image: 'never-run' }] } },
    ),
  };
  const policy: Review = {
    path: '/validate',
    expected: '"uid":"direct","allowed":true',
    body: review({ group: 'optipod.io', version: 'v1alpha1', kind: 'OptimizationPolicy' }, policyIn(namespace), {
      userInfo: { username: 'root', groups: ['system:masters'] },
    }),
  };
  return [...Array.from({ length: 19 }, () => pod), policy];
}
