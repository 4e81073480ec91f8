import type { AdmissionDefinition } from './admission.js';
import { usesOf } from './controller.js';
import { EventKind, Lease, MutatingWebhookConfiguration, Secret, ValidatingWebhookConfiguration } from './kind.js';
import type { OperatorDefinition } from './operator.js';
import { type Use, type Uses, use } from './use.js';

/*
 * What the runtime does with the API on its own account, besides what an operator declares. Whoever installs an operator grants
 * these uses with the declared ones.
 */

/** Names that follow from an operator's own. */
export function namesOf({ name }: Pick<OperatorDefinition, 'name'>) {
  return {
    /** Of the controllers' Deployment and service account, and of the Lease. */
    controllers: name,
    /** Of the Deployment, service account and Service of admission, and of the webhook configurations. */
    admission: `${name}-webhook`,
    /** Of the Secret with the serving certificate of admission. */
    certificateSecret: `${name}-webhook-tls`,
  };
}

/** One replica leads: see the runtime's leader election. */
export function leaderElectionUses(lease: string) {
  return { lease: use(Lease, ['get', 'create', 'patch'], { ownNamespace: true, names: [lease] }) };
}

/** What controllers tell of objects. */
export function eventUses() {
  return {
    events: use(EventKind, ['create', 'patch'], {
      rarely: 'only what somebody should know is told, and only what is told again is patched',
    }),
  };
}

/** Serving with the certificate in a Secret, whoever keeps it. */
export function servingCertificateUses(secret: string) {
  return { certificate: use(Secret, ['watch'], { ownNamespace: true, names: [secret] }) } satisfies Uses;
}

/** Keeping the certificate in a Secret, and kube-apiserver's trust in it. */
export function keptCertificateUses(
  secret: string,
  configuration: string,
  admission: readonly Pick<AdmissionDefinition, 'type'>[],
) {
  const has = (wanted: AdmissionDefinition['type']) => admission.some(({ type }) => type === wanted);
  const names = [configuration];
  return {
    secret: use(Secret, ['get', 'watch', 'create', 'patch'], { ownNamespace: true, names: [secret] }),
    ...(has('mutating') ? { mutating: use(MutatingWebhookConfiguration, ['get', 'watch', 'patch'], { names }) } : {}),
    ...(has('validating')
      ? { validating: use(ValidatingWebhookConfiguration, ['get', 'watch', 'patch'], { names }) }
      : {}),
  };
}

/** Who makes the certificate that admission is served with: the operator itself, cert-manager, or somebody else. */
export const CERTIFICATE_MODES = ['self', 'cert-manager', 'secret'] as const;

export interface CertificateChoice {
  /** Whether the controllers' process keeps the serving certificate; otherwise somebody else does. */
  readonly keepsCertificate: boolean;
  readonly certificateSecret: string;
}

/** Everything that the process of an operator's controllers does with the API. */
export function controllersUses(
  definition: OperatorDefinition,
  { keepsCertificate, certificateSecret }: CertificateChoice,
): readonly Use[] {
  const { controllers, admission } = definition;
  const names = namesOf(definition);
  const runtime: Uses = {
    ...leaderElectionUses(names.controllers),
    // A controller that the runtime reconciles for is given a way to tell events.
    ...(controllers.some(({ reconcile }) => reconcile) && eventUses()),
    ...(keepsCertificate && admission.length > 0 && keptCertificateUses(certificateSecret, names.admission, admission)),
  };
  return [...Object.values(runtime), ...controllers.flatMap(usesOf)];
}

/** Everything that the process of an operator's admission handlers does with the API. */
export function admissionUses(
  { admission }: OperatorDefinition,
  { certificateSecret }: Pick<CertificateChoice, 'certificateSecret'>,
): readonly Use[] {
  if (admission.length === 0) return [];
  return [
    ...Object.values(servingCertificateUses(certificateSecret)),
    ...admission.flatMap(({ uses }) => Object.values(uses)),
  ];
}
