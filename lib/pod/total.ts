import { parseQuantity, type Container, type PodSpec } from '../kube/index.js';

/**
 * The sum over what runs together (containers that do not say are passed over), or what an init container needs beside the
 * sidecars before it, whichever is more. Undefined where nobody says.
 */
export function podTotal(
  { containers, initContainers = [] }: PodSpec,
  field: 'requests' | 'limits',
  resource: 'cpu' | 'memory',
): bigint | undefined {
  let together = sum(containers.map((container) => nanosOf(container, field, resource)));
  let sidecars: bigint | undefined;
  let starting: bigint | undefined;
  for (const container of initContainers) {
    const own = nanosOf(container, field, resource);
    const beside = sum([sidecars, own]);
    if (container.restartPolicy === 'Always') {
      together = sum([together, own]);
      sidecars = beside;
    }
    starting = larger(starting, beside);
  }
  return larger(together, starting);
}

function sum(amounts: readonly (bigint | undefined)[]): bigint | undefined {
  const said = amounts.filter((amount) => amount !== undefined);
  return said.length === 0 ? undefined : said.reduce((total, amount) => total + amount, 0n);
}

function larger(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

/** A request that is missing is the limit: kube-apiserver makes it so, again after a patch. */
export function nanosOf(
  { resources: { requests, limits } = {} }: Container,
  field: 'requests' | 'limits',
  resource: 'cpu' | 'memory',
): bigint | undefined {
  const limit = nanos(limits?.[resource]);
  return field === 'limits' ? limit : (nanos(requests?.[resource]) ?? limit);
}

export function nanos(value: string | number | undefined): bigint | undefined {
  return value === undefined ? undefined : parseQuantity(value)?.nanos;
}
