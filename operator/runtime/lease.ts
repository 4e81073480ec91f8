import { Lease, type LeaseObject, type LeaseSpec } from 'optipod/kube';
import type { KubeClient } from './client.js';
import { isNotFound } from './errors.js';

export interface LeaseLockOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  readonly namespace: string;
  readonly name: string;
}

/** One Lease as a lock: every write names the version it is based on, or creates under the one name. */
export interface LeaseLock {
  /** @returns undefined where there is none */
  read(timeoutMs: number): Promise<LeaseObject | undefined>;
  create(spec: LeaseSpec, timeoutMs: number): Promise<LeaseObject>;
  /** @throws ApiError, for which `isConflict`, where the Lease is not as it was known; with code 404 where it is gone */
  write(known: LeaseObject, spec: LeaseSpec, timeoutMs: number): Promise<LeaseObject>;
}

export function createLeaseLock({ client, namespace, name }: LeaseLockOptions): LeaseLock {
  return {
    async read(timeoutMs) {
      try {
        return await client.get(Lease, { namespace, name }, { timeoutMs });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    create: (spec, timeoutMs) => client.create(Lease, { metadata: { namespace, name }, spec }, { timeoutMs }),
    write({ metadata: { uid, resourceVersion } }, spec, timeoutMs) {
      const body = { metadata: { uid, resourceVersion }, spec };
      return client.patch(Lease, { namespace, name }, body, { type: 'merge', timeoutMs });
    },
  };
}

/**
 * metav1.MicroTime, which has six digits after the point, no more and no less. The clock gives three of them, the others tell
 * writes apart: candidates see a renewal by the record's having changed, also where the clock was set back.
 */
export function microTime(now: Date, write: number): string {
  return now.toISOString().replace('Z', `${String(write % 1000).padStart(3, '0')}Z`);
}
