import type { Course } from './course.js';
import type { Obstacle } from './rollout.js';

/** Why no policy applies anything, whatever its mode. */
export type Stop = Obstacle & { readonly reason: 'Paused' | 'DryRun' };

/** What a course does, for a sentence that begins with "would". */
export function courseInWords({ annotations, template, inPlace, otherwise }: Course): string {
  const deeds = [
    ...(template === 'apply' ? ['change the template by server-side apply, which replaces all pods'] : []),
    ...(template === 'patch' ? ['change the template by a patch, which replaces all pods'] : []),
    ...(annotations === 'injection' ? ['give new pods what is recommended'] : []),
    ...(inPlace ? ['resize running pods in place'] : []),
    ...(otherwise === 'evict' ? [`evict ${inPlace ? 'those that cannot be resized' : 'running pods'}`] : []),
    ...(otherwise === 'restart' ? [`restart ${inPlace ? 'what cannot be resized' : 'the workload'}`] : []),
  ];
  const last = deeds.pop();
  if (last === undefined) return 'only tell what is recommended';
  return deeds.length === 0 ? last : `${deeds.join(', ')} and ${last}`;
}
