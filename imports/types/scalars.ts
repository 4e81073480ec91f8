// Generated from lib/ by `npm run generate`; do not edit.
import type { ObjectMeta } from '../../lib/kube/wire.js';

/** A Kubernetes quantity: a string such as `500m` or `1Gi`, or an integer. */
export type Quantity = string | number;

/** The metadata that the author of an object writes. */
export type ObjectMetaInput = Partial<Pick<ObjectMeta, 'name' | 'namespace' | 'labels' | 'annotations'>>;
