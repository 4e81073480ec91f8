import { NAMES, optipod } from 'optipod/lib/optipod';
import {
  certificateController,
  createAccess,
  createManager,
  silentLogger,
  type KubeClient,
  type Manager,
  type RuntimeMetrics,
} from '../../../operator/runtime/index.js';

export interface CertificatesOnlyOptions {
  readonly client: KubeClient;
  readonly metrics: RuntimeMetrics;
  readonly dnsNames: readonly string[];
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Of the operator, only what keeps the webhook's certificates: nobody removes annotations that a test wrote. */
export function certificatesOnly({ client, metrics, now = Date.now, ...options }: CertificatesOnlyOptions): Manager {
  const { namespace } = NAMES;
  const manager = createManager({ log: silentLogger, metrics, client });
  const access = createAccess({ client, namespace, fieldManager: optipod.name });
  const keeper = certificateController(optipod, { access, namespace, metrics, now, ...options });
  manager.add(...access.informers, keeper);
  return manager;
}
