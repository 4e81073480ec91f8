import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { SettingsFile } from './pods.js';

/** Where a process finds its settings file. */
export const SETTINGS_FOLDER = '/etc/operator';

const FILE = 'settings.json';

export function settingsPath(): string {
  return `${SETTINGS_FOLDER}/${FILE}`;
}

/** The ConfigMap of a process's settings, called like the process. */
export function settingsMap(
  scope: Construct,
  metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  { content }: SettingsFile,
): void {
  new ApiObject(scope, `${metadata.name}-settings`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { [FILE]: text(content) },
  });
}

/** As an annotation of the pods it has a changed file roll them out: a process reads its settings when it starts. */
export function contentHash({ content }: SettingsFile): string {
  return createHash('sha256').update(text(content)).digest('hex').slice(0, 16);
}

/** The same settings give the same text, in whatever order they are given. */
function text(content: SettingsFile['content']): string {
  const sorted = Object.entries(content)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}
