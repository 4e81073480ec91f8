import { Command, Option } from 'commander';
import colors from 'picocolors';
import { USAGE_ERROR } from './refused.js';
import { contentOf, inputsOf, type Input } from './validation/files.js';
import type { Finding } from './validation/finding.js';

/** The exit code when there are findings. */
const FOUND = 1;

const HELP = `
FILE is YAML or JSON with any number of documents, DIR stands for the *.yaml, *.yml and *.json files in it and below, - for
stdin. OptimizationPolicies are judged as kube-apiserver would, and so is what is of their group and of no kind or version that
there is. Objects of other groups are left alone.
Exit code: 0 nothing found, 1 something found, 2 something could not be read.`;

/** `optipod validate`: what kube-apiserver would refuse, told before it is asked. */
export function validateCommand(): Command {
  return new Command('validate')
    .description('say what is wrong with the policies in files, with line and column')
    .argument('<FILE|DIR|-...>', 'what to read')
    .addOption(
      new Option('-o, --output <format>', 'how findings are printed').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', HELP)
    .action(validate);
}

async function validate(args: readonly string[], { output }: { readonly output: 'text' | 'json' }): Promise<void> {
  // Compiling the rules takes a while, and other commands do not need them.
  const { judge, mayConcern } = await import('./validation/findings.js');
  const { formatFinding, summary, toJson } = await import('./validation/report.js');
  const findings: Finding[] = [];
  const unreadable: string[] = [];
  let [files, policies, others] = [0, 0, 0];
  for (const input of await inputs(args, unreadable)) {
    try {
      const content = await contentOf(input);
      files += 1;
      // What was found in a folder can be anything; what was named is meant.
      if (!input.named && !mayConcern(content)) continue;
      const judgement = judge(input.file, content);
      policies += judgement.judged;
      others += judgement.others;
      findings.push(...judgement.findings);
    } catch (error) {
      unreadable.push(reason(error));
    }
  }
  // Undefined where stdout is no terminal, which would have the library ask the environment, where CI means yes to it.
  const terminal = process.stdout.isTTY as boolean | undefined;
  const paint = colors.createColors(terminal === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
  process.stdout.write(
    output === 'json' ? toJson(findings) : findings.map((finding) => formatFinding(finding, paint)).join('\n'),
  );
  for (const message of unreadable) console.error(`optipod: ${message}`);
  console.error(summary({ policies, others, files }, findings));
  if (unreadable.length > 0) process.exitCode = USAGE_ERROR;
  else if (findings.length > 0) process.exitCode = FOUND;
}

/** Each file once, however often it is asked for. */
async function inputs(args: readonly string[], unreadable: string[]): Promise<Input[]> {
  const found = new Map<string, Input>();
  for (const argument of args) {
    try {
      for (const input of await inputsOf(argument)) if (!found.has(input.file)) found.set(input.file, input);
    } catch (error) {
      unreadable.push(reason(error));
    }
  }
  return [...found.values()];
}

function reason(error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${path ?? message}: no such file or directory`;
  if (code === 'EACCES') return `${path ?? message}: permission denied`;
  return message;
}
