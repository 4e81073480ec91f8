import type { OperatorDefinition } from 'optipod/kube';
import { createAccess } from './access.js';
import { certificateController } from './certificate-controller.js';
import type { KubeClient } from './client.js';
import { declaredController } from './declared-controller.js';
import { createEventRecorder } from './events.js';
import { type Manager, type ManagerOptions, createManager } from './manager.js';

export interface DeclaredOperatorOptions extends Omit<ManagerOptions, 'client'> {
  /** With the `fence` of the leader election as its `beforeWrite`, where there is one. */
  readonly client: KubeClient;
  /** The operator's own. @default the client's */
  readonly namespace?: string;
  /** Whether the certificate of its admission handlers is kept here; otherwise somebody else does. @default true */
  readonly keepCertificate?: boolean;
  /** What kube-apiserver calls the server of its admission handlers. @default the names of its Service */
  readonly dnsNames?: readonly string[];
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * A declared operator, ready to run: the informers, clients and controllers that its declarations say, and Events with its name
 * as their source.
 * @throws TypeError for a controller that declares nothing that reconciles
 */
export function createDeclaredOperator(definition: OperatorDefinition, options: DeclaredOperatorOptions): Manager {
  const { client, namespace = client.namespace, keepCertificate = true, dnsNames, now = Date.now, ...rest } = options;
  const manager = createManager({ ...rest, client });
  const access = createAccess({ client, namespace, fieldManager: definition.name });
  const recorder = createEventRecorder({ client, source: definition.name, now });
  const controllers = definition.controllers.map((controller) =>
    declaredController(controller, { access, event: recorder.event, now }),
  );
  const certificate =
    keepCertificate && definition.admission.length > 0
      ? [certificateController(definition, { access, namespace, dnsNames, metrics: manager.metrics, now })]
      : [];
  manager.add(recorder, ...access.informers, ...controllers, ...certificate);
  return manager;
}
