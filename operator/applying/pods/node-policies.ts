import type { StandingRefusal } from 'optipod/lib/apply';

/** Nodes come and go under new names for as long as a process runs; Kubernetes supports as many at a time. */
const MOST = 5_000;

type Fixed = Omit<StandingRefusal, 'inEffect'>;

/**
 * What Guaranteed pods keep for life on some nodes, as their kubelets said when they were asked: no API tells of a node's CPU and
 * memory managers. What is forgotten with the process costs one refused resize.
 */
export class NodePolicies {
  readonly #byNode = new Map<string, { readonly has: string; readonly fixed: readonly Fixed[] }>();

  /** @param has what the node has, as text: with another amount it may be another node of its name, or have another policy */
  note(node: string, has: string, { cause, resource }: StandingRefusal): void {
    if (cause !== 'Exclusive') return;
    const known = this.#knownOf(node, has);
    if (known.some((one) => one.resource === resource)) return;
    this.#byNode.delete(node);
    this.#byNode.set(node, { has, fixed: [...known, { cause, resource }] });
    const [oldest] = this.#byNode.keys();
    if (this.#byNode.size > MOST && oldest !== undefined) this.#byNode.delete(oldest);
  }

  /** What is known to be refused there. */
  of(node: string, has: string): readonly StandingRefusal[] {
    return this.#knownOf(node, has).map((one) => ({ ...one, inEffect: new Map() }));
  }

  #knownOf(node: string, has: string): readonly Fixed[] {
    const known = this.#byNode.get(node);
    return known?.has === has ? known.fixed : [];
  }
}
