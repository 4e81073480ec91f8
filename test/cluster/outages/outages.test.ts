import { expect } from 'chai';
import { Secret } from 'optipod/kube';
import { NAMES } from 'optipod/lib/optipod';
import { issueLeaf, splitBundle } from '../../../operator/runtime/index.js';
import { waitFor } from '../../kit/index.js';
import { cpuOf, isReady, OWN_CPU, Site, type Name } from './site.js';

const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const ROUNDS = SOAK ? 10 : 1;
/** A smaller step is too small to matter to the operator. */
const MORE = 1.06;
const YEAR_MS = 365 * 86_400_000;

/** Those whose pods OptiPod replaces by itself. */
const REPLACED = ['evicted', 'restarted'] as const satisfies readonly Name[];

describe('OptiPod while something of it is away', function () {
  this.timeout(SOAK ? 0 : 120_000);
  let site: Site;
  /** Thousandths of a core that are recommended; each time there is something to apply it is more. */
  let level = 100;
  const now = () => `${level}m`;

  before(async () => {
    site = await Site.start();
    await site.recommend(now());
    await settled();
  });
  after(() => site.stop());

  /** Everything that is recommended is applied, and said to be. */
  async function settled(): Promise<void> {
    await site.said(now());
    for (const name of REPLACED) {
      await site.have(name, now());
      await site.tells(name, 'ThroughWebhook');
      await site.applying(name, 'ThroughWebhook');
    }
  }

  /** Another recommendation, for which pods would be replaced. */
  async function recommendMore(): Promise<void> {
    level = Math.ceil(level * MORE);
    await site.recommend(now());
  }

  /** A pod that is made now starts, with these resources. */
  async function starts(cpu: string): Promise<void> {
    const before = new Set((await site.pods('patient')).map(({ metadata }) => metadata.uid));
    await site.grow('patient');
    const born = await waitFor('a pod to start', async () => {
      const pod = (await site.pods('patient')).find(({ metadata }) => !before.has(metadata.uid));
      return pod && isReady(pod) ? pod : undefined;
    });
    expect(cpuOf(born)).to.equal(cpu);
  }

  /** The operator goes on to ask, and goes on to be refused. */
  async function unseen(reason: 'WebhookNotSeen' | 'WebhookNotReady'): Promise<void> {
    for (const name of REPLACED) await site.tells(name, reason);
    await site.refusedAgain(reason, 4);
  }

  interface Outage {
    readonly begin: () => unknown;
    readonly meanwhile: () => Promise<unknown>;
    readonly end: () => unknown;
  }

  /** What holds of every outage: nothing is replaced while it lasts, nothing is lost, and all goes on by itself when it is over. */
  async function outage({ begin, meanwhile, end }: Outage): Promise<void> {
    const templates = await Promise.all(REPLACED.map(async (name) => ownTemplate(name)));
    const pods = await Promise.all(REPLACED.map(async (name) => uidsOf(name)));
    await begin();
    const before = site.asked().length;
    await recommendMore();
    await meanwhile();
    expect(
      site
        .asked()
        .slice(before)
        .filter(({ what }) => what !== 'dry run'),
    ).to.deep.equal([]);
    expect(await Promise.all(REPLACED.map(async (name) => uidsOf(name)))).to.deep.equal(pods);
    const during = site.asked().length;
    await end();
    await settled();
    expectProofs(site.asked().slice(during));
    expect(await Promise.all(REPLACED.map(async (name) => ownTemplate(name)))).to.deep.equal(templates);
    await starts(now());
  }

  /** Whenever pods were replaced, there had been a dry run of one for it. */
  function expectProofs(asked: ReturnType<Site['asked']>): void {
    let spare = 0;
    for (const { what } of asked) {
      spare += what === 'dry run' ? 1 : -1;
      expect(spare, `dry runs left over in ${asked.map((one) => one.what).join(', ')}`).to.be.at.least(0);
    }
  }

  const uidsOf = async (name: Name) => (await site.pods(name)).map(({ metadata }) => metadata.uid).sort();

  /** All but the word of a restart. */
  async function ownTemplate(name: Name) {
    const { metadata, spec } = (await site.workload(name)).spec.template;
    const { 'kubectl.kubernetes.io/restartedAt': _, ...annotations } = metadata?.annotations ?? {};
    return { ...metadata, annotations, spec };
  }

  it('B-APP-5 B-APP-7 pods are replaced while all is well, each time after a dry run of one', () => {
    const disruptions = site.asked().filter(({ what }) => what !== 'dry run');
    expect(disruptions.map(({ what }) => what)).to.have.members(['eviction', 'eviction', 'restart']);
    expectProofs(site.asked());
  });

  for (let round = 1; round <= ROUNDS; round += 1) {
    const time = ROUNDS === 1 ? '' : `, time ${round}`;

    it(`B-WEB-5 B-APP-10 the webhook is killed, which its Service is slow to notice${time}`, () =>
      outage({
        begin: () => site.killWebhook(),
        async meanwhile() {
          await unseen('WebhookNotSeen');
          await starts(OWN_CPU);
          await site.notice(false);
          await unseen('WebhookNotReady');
          await Promise.all(REPLACED.map((name) => site.applying(name, 'WebhookNotReady')));
          await starts(OWN_CPU);
        },
        async end() {
          await site.startWebhook();
          await site.notice(true);
        },
      }));

    it(`B-WEB-5 B-APP-10 kube-apiserver is cut off from the webhook${time}`, () =>
      outage({
        begin: () => site.toWebhook.cut(),
        async meanwhile() {
          await unseen('WebhookNotSeen');
          await starts(OWN_CPU);
        },
        end: () => site.toWebhook.mend(),
      }));

    it(`B-WEB-5 B-APP-10 the webhook is cut off from kube-apiserver, and gives what it knew${time}`, () => {
      const known = now();
      return outage({
        begin: () => site.toApiserver.cut(),
        async meanwhile() {
          await unseen('WebhookNotSeen');
          await starts(known);
        },
        end: () => site.toApiserver.mend(),
      });
    });

    it(`B-WEB-6 B-APP-10 the certificate has expired, for want of who keeps it${time}`, () =>
      outage({
        async begin() {
          await site.killOperator();
          await expire();
          await site.startOperator({ OPTIPOD_CERTIFICATE_MODE: 'secret' });
        },
        async meanwhile() {
          await unseen('WebhookNotSeen');
          await starts(OWN_CPU);
        },
        async end() {
          await site.killOperator();
          await site.startOperator();
        },
      }));

    it(`B-FRM-2 B-WEB-5 the operator is killed: pods start with what was last said, and it goes on where it was${time}`, () => {
      const known = now();
      return outage({
        begin: () => site.killOperator(),
        meanwhile: () => starts(known),
        end: () => site.startOperator(),
      });
    });
  }

  /** The webhook serves with a certificate whose time is over; connections that were made before do not count. */
  async function expire(): Promise<void> {
    const { data = {} } = await site.secret();
    const item = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString();
    const authority = { cert: splitBundle(item('ca.crt'))[0] ?? '', key: item('ca.key') };
    const names = ['svc', 'svc.cluster.local'].map((zone) => `${NAMES.webhook}.${NAMES.namespace}.${zone}`);
    const { cert, key } = await issueLeaf(authority, names, new Date(Date.now() - YEAR_MS));
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const ref = { namespace: NAMES.namespace, name: NAMES.certificateSecret };
    const body = { data: { 'tls.crt': base64(cert), 'tls.key': base64(key) } };
    await site.client.patch(Secret, ref, body, { type: 'merge' });
    await waitFor('it to be served', async () => ((await site.servedUntil()) * 1000 < Date.now() ? true : undefined));
    site.toWebhook.reset();
  }
});
