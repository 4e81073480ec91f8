import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { namesOf } from '../../lib/kube/index.js';
import type { TrustedBy } from './webhook-configuration.js';

/** Of cert-manager: who signs. */
export interface IssuerRef {
  readonly name: string;
  /** @default 'Issuer' */
  readonly kind?: string;
  /** @default 'cert-manager.io' */
  readonly group?: string;
}

/** Who makes the certificate that admission is served with, and has kube-apiserver trust it. */
export type CertificateProps =
  /** The operator itself. */
  | { readonly mode: 'self' }
  /** cert-manager, and its CA injector. */
  | {
      readonly mode: 'cert-manager';
      /** @default - an authority of the operator's own, which a self-signed Issuer makes */
      readonly issuerRef?: IssuerRef;
      /** @default - cert-manager's own */
      readonly duration?: string;
      /** @default - cert-manager's own */
      readonly renewBefore?: string;
    }
  /** Somebody else, in a Secret of type kubernetes.io/tls in the operator's namespace. */
  | {
      readonly mode: 'secret';
      readonly secretName: string;
      /** The authorities that kube-apiserver is to trust, as PEM. */
      readonly caBundle: string;
    };

const API_VERSION = 'cert-manager.io/v1';

/** Long enough that nobody has to think of it, and renewed by cert-manager all the same. */
const AUTHORITY_DURATION = '87600h';

/** The Secret that admission serves from. */
export function certificateSecretOf(operator: string, certificate: CertificateProps): string {
  return certificate.mode === 'secret' ? certificate.secretName : namesOf({ name: operator }).certificateSecret;
}

/** By what kube-apiserver trusts admission, as the webhook configurations say it. */
export function trustOf(operator: string, namespace: string, certificate: CertificateProps): TrustedBy {
  if (certificate.mode === 'secret') return { caBundle: Buffer.from(certificate.caBundle).toString('base64') };
  if (certificate.mode === 'self') return {};
  const { admission } = namesOf({ name: operator });
  return { annotations: { 'cert-manager.io/inject-ca-from': `${namespace}/${admission}` } };
}

/** What cert-manager makes the certificate of; nothing in the other modes. */
export function certificates(
  scope: Construct,
  { operator, namespace }: { readonly operator: string; readonly namespace: string },
  certificate: CertificateProps,
): void {
  if (certificate.mode !== 'cert-manager') return;
  const { admission: name } = namesOf({ name: operator });
  const { issuerRef = ownAuthority(scope, name, namespace), duration, renewBefore } = certificate;
  object(
    scope,
    'Certificate',
    { name, namespace },
    {
      secretName: certificateSecretOf(operator, certificate),
      // What kube-apiserver calls the Service.
      dnsNames: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      ...(duration === undefined ? {} : { duration }),
      ...(renewBefore === undefined ? {} : { renewBefore }),
      issuerRef,
    },
  );
}

/**
 * An authority between the self-signed Issuer and the certificate: a certificate that is its own authority would not be
 * trusted from its renewal until the injector has seen it.
 */
function ownAuthority(scope: Construct, name: string, namespace: string): IssuerRef {
  const selfSigned = `${name}-selfsigned`;
  const authority = `${name}-ca`;
  object(scope, 'Issuer', { name: selfSigned, namespace }, { selfSigned: {} });
  object(
    scope,
    'Certificate',
    { name: authority, namespace },
    {
      isCA: true,
      commonName: authority,
      secretName: authority,
      duration: AUTHORITY_DURATION,
      // The key stays, so that what it signed stays trusted when the authority is renewed.
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
      issuerRef: { name: selfSigned, kind: 'Issuer' },
    },
  );
  object(scope, 'Issuer', { name: authority, namespace }, { ca: { secretName: authority } });
  return { name: authority, kind: 'Issuer' };
}

function object(
  scope: Construct,
  kind: 'Certificate' | 'Issuer',
  metadata: { readonly name: string; readonly namespace: string },
  spec: object,
): void {
  new ApiObject(scope, `${metadata.name}-${kind}`, { apiVersion: API_VERSION, kind, metadata, spec });
}
