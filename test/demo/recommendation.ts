import { CONTAINER } from './objects.js';

const RESOURCES = ['cpu', 'memory'] as const;
type Resource = (typeof RESOURCES)[number];

/** What the annotations of the demo's Deployment say. Instants are RFC 3339. */
export interface Recommendation {
  /** When anything of it was last written. */
  readonly at: string;
  readonly cpu: string;
  readonly memory: string;
  /** When each number was made. */
  readonly made: Readonly<Record<Resource, string>>;
}

/**
 * Who reads the annotations again and again. They say when something was last written, and changes too small to matter are
 * not written: a number that is as it was before was made when it was first seen.
 */
export function recommendationReader(): (annotations?: Readonly<Record<string, string>>) => Recommendation | undefined {
  const seen = new Map<Resource, { readonly request: string; readonly at: string }>();
  return (annotations = {}) => {
    const at = annotations['optipod.io/last-recommendation'];
    if (at === undefined) return undefined;
    for (const resource of RESOURCES) {
      const request = annotations[`optipod.io/${resource}-request.${CONTAINER}`];
      if (request !== undefined && request !== seen.get(resource)?.request) seen.set(resource, { request, at });
    }
    const [cpu, memory] = RESOURCES.map((resource) => seen.get(resource));
    if (!cpu || !memory) return undefined;
    return { at, cpu: cpu.request, memory: memory.request, made: { cpu: cpu.at, memory: memory.at } };
  };
}
