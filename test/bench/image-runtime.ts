import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageNode } from '../../tools/node-base.js';
import { ROOT } from '../../tools/run.js';

/** What a program of the image has around it there. */
export interface ImageRuntime {
  /** The path of Node.js. */
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The image's Node.js, and what its Containerfile sets. */
export async function imageRuntime(): Promise<ImageRuntime> {
  const { program: node } = await imageNode((line) => process.stderr.write(`${line}\n`));
  const lines = readFileSync(join(ROOT, 'Containerfile'), 'utf8').matchAll(/^ENV (\w+)=(\S+)$/gm);
  return { node, env: Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value])) };
}
