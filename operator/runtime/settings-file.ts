import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

/**
 * The settings that a file holds, YAML or JSON; none for an empty one. Their names and values are yet to be checked.
 * @param source what named the file, for errors: `--config`
 * @throws Error where it cannot be read, or is no mapping
 */
export function readSettingsFile(path: string, source: string): Readonly<Record<string, unknown>> {
  const document = parseDocument(read(path, source));
  const [problem] = document.errors;
  // What follows the first line shows the place in the text.
  if (problem) throw new Error(`${path} (${source}) is no YAML: ${problem.message.split('\n', 1)[0] ?? ''}`);
  const content: unknown = document.toJS();
  if (content === null) return {};
  if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>;
  // What it is and not what it says: whoever named the wrong file may have named a secret.
  const held = Array.isArray(content) ? 'a list' : 'text';
  throw new Error(`${path} (${source}) holds ${held}; it must hold settings, one "name: value" a line`);
}

function read(path: string, source: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${source} is ${JSON.stringify(path)}; it must be a file that can be read`, { cause: error });
  }
}
