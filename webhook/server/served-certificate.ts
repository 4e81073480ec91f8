import type { KubeObject } from 'optipod/kube';
import { expiryOf, instantGauge, type Informer, type Logger } from '@optipod/operator/runtime';
import { Counter, type Registry } from 'prom-client';
import type { AdmissionServer } from './admission-server.js';

/**
 * Serves with the certificate that the Secret holds, whoever keeps it, and with the next one as soon as it is there.
 * @param name of the webhook, before the name of its metric
 */
export function servedCertificate(
  server: AdmissionServer,
  secret: Informer<KubeObject & { readonly data?: Readonly<Record<string, string>> }>,
  { name, log, registry }: { readonly name: string; readonly log: Logger; readonly registry: Registry },
): void {
  const registers = [registry];
  const tellExpiry = instantGauge(
    registry,
    `${name.replaceAll('-', '_')}_served_certificate_expiry_timestamp_seconds`,
    'When the certificate that this webhook serves with ends, in seconds since 1970.',
  );
  const read = new Counter({
    name: 'certwatcher_read_certificate_total',
    help: 'Certificates read to serve with.',
    registers,
  });
  const errors = new Counter({
    name: 'certwatcher_read_certificate_errors_total',
    help: 'Certificates that could not be served with; the one before stayed in use.',
    registers,
  });
  secret.onEvent(async (event) => {
    if (event.type === 'deleted') return;
    const { 'tls.crt': cert, 'tls.key': key } = event.object.data ?? {};
    // As it is between two of them, or before the first.
    if (!cert || !key) return;
    read.inc();
    try {
      const pair = { cert: decode(cert), key: decode(key) };
      await server.use(pair);
      const expires = expiryOf(pair.cert);
      tellExpiry(expires);
      log.info({ secret: event.object.metadata.name, expires }, 'serving with this certificate');
    } catch (error) {
      errors.inc();
      throw error;
    }
  });
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
