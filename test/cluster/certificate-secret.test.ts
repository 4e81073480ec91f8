import { expect } from 'chai';
import { admissionUses, controllersUses, Secret } from 'optipod/kube';
import { OptimizationPolicy } from 'optipod/lib/api';
import { NAMES, optipod } from 'optipod/lib/optipod';
import { createAuthority, issueLeaf, type KeyPair, type KubeClient } from '../../operator/runtime/index.js';
import { waitFor } from '../kit/index.js';
import { recordOf } from '../support/rights.js';
import { createPolicy } from './webhook/pods.js';
import { World } from './webhook/world.js';

const SPACE = 'somebody-elses';
const SECRET = { namespace: NAMES.namespace, name: 'ours' };
const CERTIFICATE = { keepsCertificate: false, certificateSecret: SECRET.name };

describe('an installation whose certificate somebody else keeps', function () {
  this.timeout(120_000);
  let world: World;
  let authority: KeyPair;

  /** Of type kubernetes.io/tls, as whoever keeps certificates writes it: without any authority's key. */
  async function issued(): Promise<Record<string, string>> {
    const { cert, key } = await issueLeaf(authority, ['localhost'], new Date());
    const items = { 'tls.crt': cert, 'tls.key': key };
    return Object.fromEntries(Object.entries(items).map(([name, pem]) => [name, Buffer.from(pem).toString('base64')]));
  }

  before(async () => {
    authority = await createAuthority(new Date());
    const certificate = { mode: 'secret', secretName: SECRET.name, caBundle: authority.cert } as const;
    world = await World.start({
      name: 'certificate-secret',
      props: { certificate },
      audit: true,
      elected: true,
      operatorFlags: ['--certificate-mode=secret'],
      webhookFlags: [`--certificate-secret=${SECRET.name}`],
      // A webhook that is not trusted would be seen.
      failurePolicy: 'Fail',
      async prepare(client: KubeClient) {
        await client.create(Secret, { metadata: SECRET, type: 'kubernetes.io/tls', data: await issued() });
      },
    });
    await world.namespace(SPACE);
  });

  after(() => world.stop());

  it('B-WEB-6 is served and trusted as it is given', async () => {
    await waitFor('the webhook to be asked', () => createPolicy(world, SPACE, 'judged').catch(() => undefined));
    expect((await world.results('policies')).error).to.equal(undefined);
    await world.client.get(OptimizationPolicy, { namespace: SPACE, name: 'judged' });
  });

  it('B-WEB-6 serves the next certificate without a restart', async () => {
    const reads = async () => {
      const { registry } = world.webhook.metrics;
      const { values } = (await registry.getSingleMetric('certwatcher_read_certificate_total')?.get()) ?? {
        values: [],
      };
      return values[0]?.value ?? 0;
    };
    const before = await reads();
    await world.client.patch(Secret, SECRET, { data: await issued() }, { type: 'merge' });
    await waitFor('the new certificate', async () => ((await reads()) > before ? true : undefined));
    await createPolicy(world, SPACE, 'judged-again');
  });

  it('B-OPR-5 leaves the operator without any right to certificates, and it asks for none', async () => {
    await Promise.all([world.stopOperator(), world.stopWebhook()]);
    const record = (name: string, uses: Parameters<typeof recordOf>[2]) =>
      recordOf(world.cluster.auditLog ?? '', { namespace: NAMES.namespace, name }, uses);
    const operator = record(NAMES.operator, controllersUses(optipod, CERTIFICATE));
    expect(operator.denied).to.deep.equal([]);
    expect(operator.used.filter((right) => /secrets|webhookconfigurations/.test(right))).to.deep.equal([]);
    const webhook = record(NAMES.webhook, admissionUses(optipod, CERTIFICATE));
    expect(webhook.denied).to.deep.equal([]);
    expect(webhook.used.filter((right) => right.includes('secrets'))).to.deep.equal([
      `list secrets in ${SECRET.namespace} ${SECRET.name}`,
      `watch secrets in ${SECRET.namespace} ${SECRET.name}`,
    ]);
  });
});
