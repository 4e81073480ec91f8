import { isDeepStrictEqual } from 'node:util';
import { policyValidator } from 'optipod/lib/api';
import { policies, type Apiserver } from '../../documents/apiserver.js';
import type { Json } from './json.js';

/** A refusal, as far as it names fields. */
interface Refusal {
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

/** "Some validation rules were not checked" comes without a field; of formats kube-apiserver tells the field in the message. */
export function namedFields({ details }: Refusal): string[] {
  return (details?.causes ?? [])
    .map(({ field = '', message = '' }) =>
      field === '<nil>' ? / with format \w+ in (\S+)$/.exec(message)?.[1] : field,
    )
    .filter((field) => field !== undefined);
}

interface Status extends Refusal {
  readonly message?: string;
  readonly spec?: Json;
}

/** What kube-apiserver and the validator answer differently about a policy; undefined where they agree. */
export async function disagreement(apiserver: Apiserver, policy: Json): Promise<string | undefined> {
  const answer = await apiserver.ask('POST', `${policies()}?dryRun=All&fieldValidation=Strict`, policy);
  const said = answer.body as Status;
  const errors = policyValidator.validate(policy);
  const tell = (what: string): string =>
    [
      what,
      `policy: ${JSON.stringify(policy)}`,
      `kube-apiserver: ${said.message ?? 'accepted'}`,
      `the validator: ${JSON.stringify(errors)}`,
    ].join('\n');

  if (answer.code >= 400 !== errors.length > 0) return tell('one accepts, one refuses');
  if (answer.code < 400) {
    const { spec } = policyValidator.withDefaults(policy) as { spec: Json };
    return isDeepStrictEqual(spec, said.spec) ? undefined : tell(`stored differently: ${JSON.stringify(said.spec)}`);
  }
  // What cannot be decoded is refused before anybody looks at fields: there is a sentence, and no list of causes.
  if (answer.code === 400) {
    const strangers = errors.filter(({ reason }) => reason === 'UnknownField');
    const missing = strangers.filter(({ message }) => !said.message?.includes(message));
    return missing.length === 0 || !said.message?.includes('strict decoding')
      ? undefined
      : tell('unknown fields differ');
  }
  const theirs = namedFields(said);
  // Of an object of another kind it goes on to evaluate the rules, and nobody needs to know.
  if (theirs.includes('kind')) return errors.some(({ path }) => path === 'kind') ? undefined : tell('another kind');
  const ours = errors.map(({ path }) => path);
  return isDeepStrictEqual(new Set(ours), new Set(theirs)) ? undefined : tell('other fields are named');
}
