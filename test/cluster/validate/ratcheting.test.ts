import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { crd } from 'optipod/kube';
import { OptimizationPolicy, policyValidator } from 'optipod/lib/api';
import { Apiserver, policies } from '../../documents/apiserver.js';
import { established, startCluster, waitFor, type Cluster } from '../../kit/index.js';
import { namedFields } from '../../support/policies/compare.js';
import type { Json } from '../../support/policies/json.js';
import { mutate, mutation } from '../../support/policies/mutations.js';
import { spec } from '../../support/policies/specs.js';
import { minutes } from '../../support/tries.js';
import { written } from './authors.js';

type Mutation = Parameters<typeof mutate>[1];

const UPDATES = process.env.OPTIPOD_TRIES === undefined ? 300 : 5000;
const BATCH = 20;

/** Not unknown fields, which kube-apiserver drops. */
const change = mutation.filter(({ how }) => how !== 'strange');

/** A policy that something is wrong with, and what an update changes: there, or elsewhere. */
const update = fc
  .record({ spec, before: change, after: change, there: fc.boolean() })
  .map(({ spec: good, before, after, there }) => ({
    old: mutate(JSON.parse(JSON.stringify(good)) as Json, before),
    after: there ? { ...after, at: before.at } : after,
  }));

interface Cause {
  readonly field?: string;
  readonly message?: string;
}

interface Answer {
  readonly spec?: Json;
  readonly message?: string;
  readonly metadata?: object;
  readonly details?: { readonly causes?: readonly Cause[] };
}

describe('B-API-9 updates of what was broken before are judged as kube-apiserver judges them', function () {
  this.timeout(minutes(4));
  const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);
  let cluster: Cluster;
  let apiserver: Apiserver;

  before(async () => {
    cluster = await startCluster({ name: 'ratcheting' });
    apiserver = new Apiserver(cluster);
    await define(lax());
  });
  after(async () => {
    await apiserver.close();
    await cluster.stop();
  });

  async function define(definition: object): Promise<void> {
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: JSON.stringify(definition),
    });
    await established(cluster, 'crd/optimizationpolicies.optipod.io');
  }

  it(`${String(UPDATES)} updates, OPTIPOD_SEED=${String(seed)}`, async () => {
    const updates = fc.sample(update, { seed, numRuns: UPDATES });
    const stored: { readonly name: string; readonly after: Mutation }[] = [];
    for (const [index, { old, after }] of updates.entries()) {
      const name = `old-${String(index)}`;
      const object = { ...written('default', name), spec: old };
      const { code } = await apiserver.ask('POST', `${policies()}?fieldValidation=Ignore`, object);
      if (code === 201) stored.push({ name, after });
    }
    await define(crd(OptimizationPolicy));
    await waitFor('the rules', async () => {
      const probe = written('default', 'probe', { mode: 'Sometimes' });
      const { code } = await apiserver.ask('POST', `${policies()}?dryRun=All`, probe);
      return code === 422 ? true : undefined;
    });

    const told: string[] = [];
    const seen = { tolerated: 0, broken: 0 };
    for (let from = 0; from < stored.length; from += BATCH) {
      const batch = stored.slice(from, from + BATCH).map(({ name, after }) => judge(name, after, seen));
      told.push(...(await Promise.all(batch)).filter((line) => line !== undefined));
    }
    if (told.length > 0) throw new Error(`OPTIPOD_SEED=${String(seed)}\n${told.join('\n\n')}`);
    // It says nothing where all is good, or all is new.
    expect(seen.tolerated).to.be.greaterThan(stored.length / 50);
    expect(seen.broken).to.be.greaterThan(stored.length / 50);
  });

  /** @returns where kube-apiserver and the rulebook see an update differently */
  async function judge(
    name: string,
    after: Mutation,
    seen: { tolerated: number; broken: number },
  ): Promise<string | undefined> {
    const path = `${policies()}/${name}`;
    const old = (await apiserver.ask('GET', path)).body as Answer;
    const wanted = { ...old, spec: mutate(old.spec ?? null, after) };
    // What a value has that nobody knows is dropped, too, before anybody compares.
    if (policyValidator.validate(wanted).some(({ reason }) => reason === 'UnknownField')) return undefined;
    const answer = await apiserver.ask('PUT', `${path}?dryRun=All&fieldValidation=Ignore`, wanted);
    const said = answer.body as Answer;
    const { broken, tolerated } = policyValidator.validateUpdate(wanted, old);
    // Rules that come upon these fail in kube-apiserver, changed or not.
    const failing = ['FieldValueTypeInvalid', 'FieldValueRequired'];
    if (tolerated.some(({ reason }) => failing.includes(reason))) return undefined;
    seen.tolerated += tolerated.length > 0 ? 1 : 0;
    seen.broken += broken.length > 0 ? 1 : 0;
    // So do rules that fail upon a value as such: nanoseconds that no duration holds.
    const isFailure = ({ field, message = '' }: Cause) =>
      message.includes(' evaluating rule: ') && tolerated.some((error) => error.path === field);
    const causes = (said.details?.causes ?? []).filter((cause) => !isFailure(cause));
    const theirs = namedFields({ details: { causes } });
    const accepts = answer.code < 400 || (answer.code === 422 && causes.length === 0);
    const ours = answer.code === 422 ? broken.map(({ path: field }) => field) : [];
    const agree = accepts === (broken.length === 0) && isDeepStrictEqual(new Set(ours), new Set(theirs));
    if (agree) return undefined;
    const brief = (errors: typeof broken) =>
      errors.map(({ path: field, message }) => `${field}: ${message}`).join('; ');
    return [
      `old: ${JSON.stringify(old.spec)}`,
      `update: ${JSON.stringify(after)}`,
      `kube-apiserver: ${said.message ?? 'accepted'}`,
      `the rulebook: ${brief(broken)}`,
      `it tolerates: ${brief(tolerated)}`,
    ].join('\n');
  }
});

/** A CRD that takes everything. */
function lax(): object {
  const definition = structuredClone(crd(OptimizationPolicy)) as unknown as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: Record<string, object> } } }[] };
  };
  for (const { schema } of definition.spec.versions) {
    schema.openAPIV3Schema.properties.spec = { 'x-kubernetes-preserve-unknown-fields': true };
  }
  return definition;
}
