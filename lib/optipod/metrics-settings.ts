import { parsers, type SettingsTable } from '../kube/index.js';
import { PROMETHEUS_ACCESS_SETTINGS, PROMETHEUS_NAME_SETTINGS } from './prometheus-settings.js';

const { boolean, duration, durationAtLeast, headers, string, url } = parsers;

/** Where the providers of usage find it, and how they show who they are. */
export const METRICS_SETTINGS = {
  ...PROMETHEUS_ACCESS_SETTINGS,
  ...PROMETHEUS_NAME_SETTINGS,
  metricsServerInterval: {
    parser: durationAtLeast('100ms'),
    default: '1m',
    description:
      'How often metrics-server is asked, for the whole cluster at once. It has no past: what happens in between is not ' +
      'seen, and asking more often than it looks itself (15s by default) brings nothing.',
  },
  customUrl: {
    parser: url({ hasQuery: true, credentials: 'customUsername and customPassword' }),
    description: 'Where usage is asked for with the provider custom. Without it that provider is not there.',
  },
  customInterval: { parser: durationAtLeast('100ms'), default: '1m', description: 'How often it is asked.' },
  customSettle: {
    parser: duration,
    default: '1m',
    description: 'How late it may know of a sample: usage is looked at up to this long ago.',
  },
  customTimeout: {
    parser: durationAtLeast('100ms'),
    default: '10s',
    description: 'How long one of its answers may take.',
  },
  customUsername: { parser: string, description: 'For basic authentication there, with the password.' },
  customPassword: { parser: string, secret: 'rotating', description: 'The password for it.' },
  customToken: {
    parser: string,
    secret: 'rotating',
    description: 'A bearer token for it; a file is read again when it changes.',
  },
  customHeaders: { parser: headers, description: 'Sent with every question there. No place for secrets.' },
  customCaFile: { parser: string, description: 'Certificates that its own is checked against.' },
  customCertFile: { parser: string, description: 'A client certificate for it, with its key.' },
  customKeyFile: { parser: string, description: 'The key of that certificate.' },
  customInsecureSkipVerify: {
    parser: boolean,
    default: 'false',
    description: 'Whether its certificate is taken unchecked: whoever is in between may then tell any usage.',
  },
} as const satisfies SettingsTable;
