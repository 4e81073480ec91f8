import {
  type AdmissionDefinition,
  type AdmissionVerdict,
  type OperatorDefinition,
  namesOf,
  servingCertificateUses,
} from 'optipod/kube';
import {
  type AccessProvider,
  type KubeClient,
  type Logger,
  type Manager,
  type ManagerOptions,
  createAccess,
  createManager,
  createMetrics,
} from '@optipod/operator/runtime';
import { type AdmissionServer, type AdmissionServerOptions, admissionServer } from './admission-server.js';
import { admissionApp } from './app.js';
import type { AdmissionHandler } from './handler.js';
import { servedCertificate } from './served-certificate.js';

export interface DeclaredWebhookOptions extends Pick<ManagerOptions, 'log' | 'metrics' | 'health'> {
  readonly client: KubeClient;
  /** The operator's own. @default the client's */
  readonly namespace?: string;
  /** The Secret in that namespace with the certificate to serve with. @default the one that the operator keeps */
  readonly certificateSecret?: string;
  readonly server: AdmissionServerOptions;
}

/**
 * The admission handlers that an operator declares, ready to serve: with their informers and clients, with a certificate that is
 * followed, ready when caches are synced and TLS is served.
 * @throws TypeError for a handler that declares nothing that reviews
 */
export function createDeclaredWebhook(
  definition: OperatorDefinition,
  options: DeclaredWebhookOptions,
): { readonly manager: Manager; readonly server: AdmissionServer } {
  const { client, namespace = client.namespace, log, metrics = createMetrics(), health } = options;
  const names = namesOf(definition);
  const { registry } = metrics;
  const manager = createManager({ log, metrics, client, ...(health ? { health } : {}) });
  const access = createAccess({ client, namespace, fieldManager: names.admission });
  const handlers = definition.admission.map((one) => declaredHandler(one, access, log));
  const server = admissionServer(admissionApp(handlers, { log, metrics: registry }), options.server);
  const secret = options.certificateSecret ?? names.certificateSecret;
  const { certificate } = access.to(servingCertificateUses(secret));
  servedCertificate(server, certificate.informer, { name: names.admission, log, registry });
  manager.addReadyCheck('tls', () => server.serving);
  manager.add(server, server.drain, ...access.informers);
  return { manager, server };
}

function declaredHandler(definition: AdmissionDefinition, access: AccessProvider, log: Logger): AdmissionHandler {
  const { name, path, review, uses, failurePolicy } = definition;
  if (!review) throw new TypeError(`the admission handler ${name} declares nothing that reviews`);
  const given = access.to(uses);
  const handlerLog = log.child({ webhook: name });
  return {
    path,
    onError: failurePolicy === 'Ignore' ? { allowed: true } : refused(name),
    review: (request, { signal }) => review(request, given, { signal, log: handlerLog }),
  };
}

function refused(name: string): AdmissionVerdict {
  const message = `${name} could not review this; its log says why`;
  return { allowed: false, status: { code: 500, reason: 'InternalError', message } };
}
