import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestsYaml } from 'optipod/install';
import { isSeq, parseAllDocuments } from 'yaml';
import { imageNode } from '../../tools/node-base.js';
import { ROOT } from '../../tools/run.js';

/** What a program of the image has around it there. */
export interface ImageRuntime {
  /** The path of Node.js. */
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the manifests give Node.js besides the operator's program. */
  readonly operatorFlags: readonly string[];
}

/** The image's Node.js, and what its Containerfile and the manifests set. */
export async function imageRuntime(): Promise<ImageRuntime> {
  const { program: node } = await imageNode((line) => process.stderr.write(`${line}\n`));
  const lines = readFileSync(join(ROOT, 'Containerfile'), 'utf8').matchAll(/^ENV (\w+)=(\S+)$/gm);
  return {
    node,
    env: Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value])),
    operatorFlags: operatorFlags(),
  };
}

function operatorFlags(): readonly string[] {
  for (const document of parseAllDocuments(manifestsYaml())) {
    const container: unknown = document.getIn(['spec', 'template', 'spec', 'containers', 0, 'command']);
    const command = isSeq(container) ? (container.toJSON() as string[]) : [];
    if (command.at(-1) === '/app/operator.js') return command.slice(1, -1);
  }
  throw new Error('no Deployment runs the operator');
}
