import type { OptimizationPolicy as Policy } from '../../../imports/types/optimization-policy.js';
import { policyValidator } from '../../../lib/api/index.js';

/** A policy as kube-apiserver stores it: valid, with defaults. */
export function policyOf(spec: object, metadata: object = {}): Policy {
  const written = {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'uid-web',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: {
      mode: 'Auto',
      selector: { namespaces: { allow: ['shop'] } },
      metricsConfig: { provider: 'prometheus' },
      resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
      updateStrategy: {},
      ...spec,
    },
  };
  const errors = policyValidator.validate(written, { unknownFields: 'ignore' });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return policyValidator.withDefaults(written) as Policy;
}
