import type { Container, PodSpec } from '../kube/index.js';

/** A container that can be right-sized, with its place in the pod for a JSON pointer. */
export interface PlacedContainer {
  readonly container: Container;
  readonly place: readonly ['spec', 'containers' | 'initContainers', number];
}

/** The containers that run as long as the pod: ordinary ones and sidecars (restartable init containers). */
export function resizableContainers({ containers, initContainers = [] }: PodSpec): PlacedContainer[] {
  return [
    ...containers.map((container, i): PlacedContainer => ({ container, place: ['spec', 'containers', i] })),
    ...initContainers.map((container, i): PlacedContainer => ({ container, place: ['spec', 'initContainers', i] })),
  ].filter(({ container, place }) => place[1] === 'containers' || container.restartPolicy === 'Always');
}
