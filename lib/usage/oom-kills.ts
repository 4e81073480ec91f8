import { parseQuantity, quantityToNumber, type KubeObject, type Pod, type QuantityValue } from '../kube/index.js';
import type { OomKill } from './usage.js';

/** A kill with a name of its own, so that one that is seen again is known. */
export interface RecordedOomKill extends OomKill {
  /** Pod UID, container and when it finished. */
  readonly id: string;
}

/** A container that was killed for want of memory. */
export interface KilledContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly kill: RecordedOomKill;
}

/** An Event of the core group, as far as evictions are told in it. */
export interface EvictionEvent extends KubeObject {
  readonly reason: string;
  readonly involvedObject: {
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
  };
  readonly lastTimestamp?: string | null;
}

/**
 * The OOM kills that a pod's status tells of: of a container that is down (`state.terminated`) and of one that was started again
 * (`lastState.terminated`). The kubelet gives the time they finished, which tells one from the next. Of one that is older than
 * the pod's last resize, nothing tells any more what the container had.
 * @param pod with when it was last resized in place, in seconds since 1970, if it was
 * @param seen the most that a container was seen to use, in bytes; asked where it has no limit
 */
export function oomKillsOf(
  pod: Pod & { readonly resizedAt?: number },
  seen: (container: string) => number | undefined = () => undefined,
): KilledContainer[] {
  const { resizedAt = Number.NEGATIVE_INFINITY } = pod;
  const { namespace = '', name, uid } = pod.metadata;
  const specs = new Map([...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((spec) => [spec.name, spec]));
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.flatMap((status) =>
    [status.state, status.lastState].flatMap((state): KilledContainer[] => {
      const { reason, finishedAt } = state?.terminated ?? {};
      const at = Date.parse(finishedAt ?? '') / 1000;
      if (reason !== 'OOMKilled' || Number.isNaN(at) || at < resizedAt) return [];
      const spec = specs.get(status.name)?.resources;
      const limit = bytesOf(status.resources?.limits?.memory) ?? bytesOf(spec?.limits?.memory);
      const bytes = limit ?? Math.max(seen(status.name) ?? 0, bytesOf(spec?.requests?.memory) ?? 0);
      if (bytes === 0) return [];
      const kill = { id: `${uid}/${status.name}/${at}`, pod: name, at, bytes };
      return [{ namespace, pod: name, container: status.name, kill }];
    }),
  );
}

/**
 * The containers that an event tells were evicted because the node had no memory left. The kubelet names those above their
 * request, what each used, and one resource that was short (pkg/kubelet/eviction/helpers.go, evictionMessage).
 * @returns none for any other event
 */
export function oomKillsOfEviction(event: EvictionEvent): KilledContainer[] {
  const { reason, involvedObject, metadata } = event;
  const { annotations = {} } = metadata;
  if (reason !== 'Evicted' || involvedObject.kind !== 'Pod' || annotations.starved_resource !== 'memory') return [];
  const at = Date.parse(event.lastTimestamp ?? metadata.creationTimestamp) / 1000;
  const containers = listOf(annotations.offending_containers);
  const usage = listOf(annotations.offending_containers_usage);
  if (Number.isNaN(at) || containers.length !== usage.length) return [];
  const { namespace = metadata.namespace ?? '', name: pod, uid = metadata.uid } = involvedObject;
  return containers.flatMap((container, index): KilledContainer[] => {
    const bytes = bytesOf(usage[index]);
    if (bytes === undefined) return [];
    return [{ namespace, pod, container, kill: { id: `${uid}/${container}/${at}`, pod, at, bytes } }];
  });
}

function listOf(annotation: string | undefined): string[] {
  return annotation === undefined || annotation === '' ? [] : annotation.split(',');
}

/** @returns undefined for what is no amount of memory; nothing is none either */
function bytesOf(value: QuantityValue | undefined): number | undefined {
  const quantity = value === undefined ? undefined : parseQuantity(value);
  return quantity && quantity.nanos > 0n ? quantityToNumber(quantity) : undefined;
}

/** Shared: most containers are never killed. */
const NONE: readonly RecordedOomKill[] = [];

/**
 * The kills of one container, each once, as far as they matter: one that a later one reached is forgotten before that one, and
 * says nothing any more. A container that dies every five minutes would fill a history otherwise.
 */
export class OomKills {
  /** From the oldest and largest to the latest and smallest. */
  #kills = NONE;

  get all(): readonly RecordedOomKill[] {
    return this.#kills;
  }

  /** @returns whether that changes anything */
  add(kill: RecordedOomKill): boolean {
    const known = this.#kills.find(({ id }) => id === kill.id);
    // Seen again, it may have another limit by now, which it was not killed at.
    if (known && known.bytes <= kill.bytes) return false;
    const others = this.#kills.filter((other) => other !== known);
    if (others.some(({ bytes, at }) => bytes >= kill.bytes && at >= kill.at)) {
      this.#kills = others;
      return known !== undefined;
    }
    const left = others.filter(({ bytes, at }) => bytes > kill.bytes || at > kill.at);
    this.#kills = [...left, kill].sort((a, b) => a.at - b.at);
    return true;
  }

  /** @param before seconds since 1970 */
  forget(before: number): void {
    if (this.#kills.length > 0) this.#kills = this.#kills.filter(({ at }) => at > before);
  }

  /** The largest since an instant. */
  largest(since: number): OomKill | undefined {
    const largest = this.#kills.find(({ at }) => at > since);
    return largest && { pod: largest.pod, at: largest.at, bytes: largest.bytes };
  }
}
