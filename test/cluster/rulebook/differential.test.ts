import { expect } from 'chai';
import fc from 'fast-check';
import { policyValidator } from 'optipod/lib/api';
import { Apiserver, installCrds, policies } from '../../documents/apiserver.js';
import { sharedCluster } from '../../kit/index.js';
import { mutate, mutation, spec } from '../../support/policies/arbitrary.js';

/** In the long run, as often as it says. */
const RUNS = Number(process.env.OPTIPOD_TRIES ?? 300);

describe('the rulebook', function () {
  this.timeout(0);
  let apiserver: Apiserver;

  before(async () => {
    const cluster = await sharedCluster('control-plane');
    await installCrds(cluster);
    apiserver = new Apiserver(cluster);
  });
  after(() => apiserver.close());

  it('B-API-9 gives the verdict of kube-apiserver, names the same fields, and fills in the same defaults', async () => {
    await fc.assert(
      fc.asyncProperty(spec, fc.option(mutation), async (valid, change) => {
        const policy = {
          apiVersion: 'optipod.io/v1alpha1',
          kind: 'OptimizationPolicy',
          metadata: { name: 'generated' },
          spec: JSON.parse(JSON.stringify(valid)) as never,
        };
        const object = (change ? mutate(policy.spec, change) : policy.spec) as object;
        const written = { ...policy, spec: object };
        const errors = policyValidator.validate(written);
        const ours = [...new Set(errors.map(({ path }) => path))].sort();
        const strangers = errors.filter(({ reason }) => reason === 'UnknownField');
        const answer = await apiserver.ask('POST', `${policies()}?dryRun=All&fieldValidation=Strict`, written);
        const { message = '', details = {} } = answer.body as {
          message?: string;
          details?: { causes?: { field?: string }[] };
        };
        if (strangers.length > 0) {
          // Its decoder refuses those before anybody looks at the rest.
          expect(answer.code, message).to.equal(400);
          for (const { path } of strangers) expect(message).to.contain(`unknown field "${path}"`);
          return;
        }
        const theirs = (details.causes ?? []).map(({ field = '' }) => field).filter((field) => field !== '<nil>');
        expect(ours, `kube-apiserver says: ${message}\nwe say: ${JSON.stringify(errors)}\n`).to.deep.equal(
          [...new Set(theirs)].sort(),
        );
        expect(answer.code >= 400, message).to.equal(errors.length > 0);
        if (answer.code < 400)
          expect((policyValidator.withDefaults(written) as { spec: object }).spec).to.deep.equal(answer.body.spec);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
