import { MutatingWebhookConfiguration, Secret, ValidatingWebhookConfiguration, use } from 'optipod/kube';
import { expect } from 'chai';
import { createAccess, isSignedBy, keepCertificate, splitBundle } from '../../../operator/runtime/index.js';
import { inNamespace } from './here.js';

const namespace = 'runtime-certificates';

describe('the certificates of the controller runtime', function () {
  this.timeout(120_000);
  const here = inNamespace(namespace);
  const named = (name: string) => ({ namespace, name });

  it('B-WEB-6 keeps the certificates of webhooks in a Secret and their caBundles', async () => {
    const { secret, mutating, validating } = createAccess({
      client: here.client,
      namespace,
      fieldManager: 'runtime-test',
    }).to({
      secret: use(Secret, ['get', 'create', 'patch']),
      mutating: use(MutatingWebhookConfiguration, ['get', 'patch']),
      validating: use(ValidatingWebhookConfiguration, ['get', 'patch']),
    });
    const name = 'runtime-test-hooks';
    const dnsNames = [`hooks.${namespace}.svc`];
    const keep = (now = new Date()) =>
      keepCertificate({
        secret: { access: secret, ...named('hooks-tls') },
        webhooks: [
          { access: mutating, name },
          { access: validating, name },
        ],
        dnsNames,
        fieldManager: 'runtime-test-certificates',
        now,
      });
    const webhook = (hook: string) => ({
      name: `${hook}.runtime.example.com`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      clientConfig: { service: { name: 'hooks', namespace } },
      namespaceSelector: { matchLabels: { 'runtime.example.com/none': 'none' } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    });
    const configuration = { metadata: { name }, webhooks: [webhook('one'), webhook('two')] };
    const secretText = async (item: string) => {
      const { data } = await here.client.get(Secret, named('hooks-tls'));
      return Buffer.from(data?.[item] ?? '', 'base64').toString();
    };
    const bundles = async () => {
      const found = await Promise.all([
        here.client.get(MutatingWebhookConfiguration, { name }),
        here.client.get(ValidatingWebhookConfiguration, { name }),
      ]);
      return found.flatMap(({ webhooks = [] }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle));
    };

    // Before there are configurations; several writers at once.
    const outcomes = await Promise.allSettled([keep(), keep(), keep()]);
    expect(outcomes.map((outcome) => outcome.status)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled']);
    const leaf = await secretText('tls.crt');
    expect((await keep()).requeueAfterMs).to.equal(15_000);
    await here.client.apply(MutatingWebhookConfiguration, configuration, { fieldManager: 'installer' });
    await here.client.apply(ValidatingWebhookConfiguration, configuration, { fieldManager: 'installer' });
    try {
      await keep();
      const trusted = Buffer.from(await secretText('ca.crt')).toString('base64');
      expect(await bundles()).to.deep.equal([trusted, trusted, trusted, trusted]);
      expect(await secretText('tls.crt')).to.equal(leaf);

      // The installer applies again and takes nothing away: the field is not its own.
      await here.client.apply(MutatingWebhookConfiguration, configuration, { fieldManager: 'installer', force: true });
      expect(await bundles()).to.deep.equal([trusted, trusted, trusted, trusted]);

      // Ten years later, in steps.
      const due = Date.now() + 3290 * 24 * 3_600_000;
      await keep(new Date(due - 20 * 24 * 3_600_000));
      const served = await secretText('tls.crt');
      await keep(new Date(due));
      const overlap = splitBundle(await secretText('ca.crt'));
      expect(overlap).to.have.length(2);
      expect(await secretText('tls.crt')).to.equal(served);
      expect(new Set(await bundles())).to.deep.equal(new Set([Buffer.from(overlap.join('')).toString('base64')]));
      await keep(new Date(due + 61_000));
      expect(isSignedBy(await secretText('tls.crt'), overlap[0] ?? '')).to.equal(true);
      await keep(new Date(due + 61_000 + 25 * 3_600_000));
      expect(splitBundle(await secretText('ca.crt'))).to.deep.equal([overlap[0]]);
      expect(new Set(await bundles())).to.deep.equal(new Set([Buffer.from(overlap[0] ?? '').toString('base64')]));
    } finally {
      await here.client.delete(MutatingWebhookConfiguration, { name });
      await here.client.delete(ValidatingWebhookConfiguration, { name });
    }
  });
});
