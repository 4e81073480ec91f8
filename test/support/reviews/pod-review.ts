import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../policies/json.js';

const captured = readFileSync(join(import.meta.dirname, 'pod-review.json'), 'utf8');

/** What kube-apiserver 1.36 sent for the pod of a Deployment `shop/web`, word for word. */
export function podReview(): Json {
  return JSON.parse(captured) as Json;
}

/** Who its pod says that it belongs to. */
export const REPLICA_SET = { namespace: 'shop', name: 'web-8c45c6899', uid: '90de09e4-9693-49bb-ba88-231090652b19' };
