import { expect } from 'chai';
import { Apiserver, installCrds, load, policies, type Refusal } from '../../documents/apiserver.js';
import { withValue, type Tree } from '../../documents/tree.js';
import { sharedCluster, waitFor } from '../../kit/index.js';

/** A path under the policy and a value for it; `undefined` leaves it out. */
export type Change = readonly [path: string, value: unknown];

/** A real apiserver without OptiPod, asked about changes of a good policy. */
export interface Judge {
  readonly api: Apiserver;
  /** The good policy with changes. */
  readonly changed: (changes: readonly Change[]) => Tree;
  readonly refusalOf: (...changes: Change[]) => Promise<Refusal | undefined>;
  readonly expectAccepted: (...changes: Change[]) => Promise<void>;
  /** By these fields and no others, and the message a user reads says so. */
  readonly expectRefused: (changes: readonly Change[], fields: readonly string[], says?: RegExp) => Promise<Refusal>;
}

/** To be called in a `describe`, whose tests it is for. */
export function judge(): Judge {
  let api: Apiserver;
  let base: Tree;

  before(async function () {
    this.timeout(60_000);
    const cluster = await sharedCluster('control-plane');
    api = new Apiserver(cluster);
    await installCrds(cluster);
    base = await load('base-policy.yaml');
    // The CRD has just been installed, perhaps over another one: its schema is in force once it knows this rule.
    await waitFor('the CRD to be served', async () => ((await refusalOf(['spec.weight', 0])) ? true : undefined));
  });

  after(() => api.close());

  function changed(changes: readonly Change[]): Tree {
    return changes.reduce((object, [path, value]) => withValue(object, path, value), base);
  }

  function refusalOf(...changes: Change[]): Promise<Refusal | undefined> {
    return api.refusalOf(policies(), changed(changes));
  }

  return {
    get api() {
      return api;
    },
    changed,
    refusalOf,

    async expectAccepted(...changes) {
      const refused = await refusalOf(...changes);
      expect(refused?.message, JSON.stringify(changes)).to.equal(undefined);
    },

    async expectRefused(changes, fields, says = /./) {
      const refused = await refusalOf(...changes);
      const what = JSON.stringify(changes);
      if (refused === undefined) throw new Error(`${what} was accepted`);
      expect(refused.code, what).to.equal(422);
      expect(refused.fields, what).to.have.members([...fields]);
      for (const field of fields) expect(refused.message, what).to.contain(`${field}: `);
      expect(refused.message, what).to.match(says);
      return refused;
    },
  };
}
