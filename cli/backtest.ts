import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationOf, parseDuration } from '../lib/kube/index.js';
import { prometheusUrl } from '../lib/optipod/prometheus-settings.js';
import type { TraceSource } from './backtest/folder.js';
import { prometheusOptions } from './backtest/prometheus-options.js';
import type { Score } from './backtest/score.js';
import { progress } from './progress.js';
import { Refused } from './refused.js';

const HELP = `
DIR holds a CSV file for each workload: timestamp,cpu_cores,memory_bytes (seconds since 1970, cores, bytes). At every step each
estimator sees what was measured up to then, and its recommendation is held against what was measured next. Compared are the
VPA's and KRR's estimators, the default policy, every preset, and the policies of --policy. docs/reference/backtest.md tells
what the figures mean.
What --prometheus is told besides may stand in variables and in a settings file as well, as the operator's does
(docs/reference/settings.md): --prometheus-ca-file is OPTIPOD_PROMETHEUS_CA_FILE. Secrets may stand nowhere but in
OPTIPOD_PROMETHEUS_PASSWORD and OPTIPOD_PROMETHEUS_TOKEN, or in files that OPTIPOD_PROMETHEUS_PASSWORD_FILE and
OPTIPOD_PROMETHEUS_TOKEN_FILE name.
Exit code: 0 done, 2 could not be done.`;

interface Options {
  readonly prometheus?: string;
  readonly namespace?: readonly string[];
  readonly since: number;
  readonly synthetic?: true;
  readonly seed: number;
  readonly policy?: readonly string[];
  readonly warmup: number;
  readonly step: number;
  readonly output: 'table' | 'json' | 'yaml' | 'csv' | 'md';
  readonly svg?: string;
}

/** `optipod backtest`: what policies, and others, would have recommended in the past, held against what was used then. */
export function backtestCommand(): Command {
  const command = new Command('backtest')
    .description('replay real usage, and say how well each way to recommend would have done')
    .argument('[DIR]', 'folder of CSV files, or one such file')
    .option('--prometheus <url>', 'replay what Prometheus at this address recorded', urlOf)
    .option('--namespace <name>', 'only this namespace, once for each; with --prometheus', another)
    .addOption(duration('--since <duration>', 'how far back; with --prometheus', '30d'))
    .option('--synthetic', 'replay made-up usage of eight kinds of workloads: nothing is needed to try')
    .option('--seed <number>', 'another one, other noise; with --synthetic', seedOf, 1)
    .option('--policy <file>', 'compare the OptimizationPolicies in this file, too; once for each file', another)
    .addOption(duration('--warmup <duration>', 'how much of the past is only looked at', '8d'))
    .addOption(duration('--step <duration>', 'time between two recommendations', '1h'))
    .addOption(
      new Option('-o, --output <format>', 'how the result is printed')
        .choices(['table', 'json', 'yaml', 'csv', 'md'])
        .default('table'),
    )
    .option('--svg <folder>', 'write a picture of each workload: its usage, and what each one requested')
    .addHelpText('after', HELP)
    .action(backtest);
  for (const option of prometheusOptions())
    command.addOption(option.helpGroup('With --prometheus, as the operator has them:'));
  return command;
}

async function backtest(folder: string | undefined, options: Options): Promise<void> {
  const { standardEstimators } = await import('./backtest/estimators.js');
  const { backtestWorkload, outlasts, reportOf } = await import('./backtest/backtest.js');
  const { policyEstimators } = await import('./backtest/policy-file.js');
  const { toCsv, toJson, toMarkdown, toTable, toYaml } = await import('./backtest/report.js');

  const fromFiles = await Promise.all((options.policy ?? []).map(policyEstimators));
  const estimators = [...standardEstimators(), ...fromFiles.flat()];
  const timing = { warmupMs: options.warmup, stepMs: options.step };
  const sources = await sourcesOf(folder, options);
  const writeSvg = options.svg === undefined ? undefined : await svgWriter(options.svg);
  const scores = new Map<string, readonly Score[]>();
  const progressing = progress(sources.length);
  for (const [index, source] of sources.entries()) {
    progressing.at(index, source.name);
    const trace = await source.read();
    if (!outlasts(trace, timing)) {
      console.error(`optipod: ${source.name}: left out, for nothing in it comes after the warm-up`);
      continue;
    }
    const { replays } = backtestWorkload(trace, estimators, timing);
    scores.set(
      source.name,
      replays.map(({ score }) => score),
    );
    await writeSvg?.(trace, replays);
  }
  progressing.end();
  if (scores.size === 0) throw new Refused('there is nothing after the warm-up to replay: see --warmup');
  const report = reportOf(
    estimators.map(({ name }) => name),
    scores,
  );
  const print = { table: toTable, json: toJson, yaml: toYaml, csv: toCsv, md: toMarkdown }[options.output];
  process.stdout.write(print(report));
}

async function sourcesOf(folder: string | undefined, options: Options): Promise<readonly TraceSource[]> {
  const { prometheus, synthetic, seed } = options;
  const asked = [folder, prometheus, synthetic].filter((source) => source !== undefined);
  if (asked.length !== 1) throw new Refused('backtest needs one of DIR, --prometheus URL and --synthetic');
  if (folder !== undefined) {
    const { tracesIn } = await import('./backtest/folder.js');
    return tracesIn(folder);
  }
  if (prometheus === undefined) {
    const { syntheticTraces } = await import('./backtest/synthetic.js');
    return syntheticTraces({ seed }).map((trace) => ({ name: trace.name, read: () => Promise.resolve(trace) }));
  }
  const { prometheusAccess } = await import('./backtest/access.js');
  const { recordedTraces } = await import('./backtest/prometheus.js');
  const access = prometheusAccess(prometheus, options);
  const namespaces = options.namespace ?? [];
  try {
    return await recordedTraces({ ...access, namespaces, sinceMs: options.since, now: Date.now(), progress });
  } finally {
    await access.endpoint.close();
  }
}

async function svgWriter(folder: string): Promise<typeof write> {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { chartOf } = await import('./backtest/chart.js');
  const refuse = (error: unknown): never => {
    throw new Refused(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
  };
  await mkdir(folder, { recursive: true }).catch(refuse);
  return write;

  async function write(...[trace, replays]: Parameters<typeof chartOf>): Promise<void> {
    // Names of workloads in Prometheus have slashes.
    const file = `${trace.name.replaceAll(/[^\w.-]+/g, '_')}.svg`;
    await writeFile(join(folder, file), chartOf(trace, replays)).catch(refuse);
  }
}

/** An option that may be given several times. */
function another(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function duration(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).argParser(durationFrom).default(durationOf(standard), standard);
}

function durationFrom(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1000) throw new InvalidArgumentError('It takes a duration such as 90s, 12h or 7d.');
  return ms;
}

function urlOf(text: string): string {
  const url = prometheusUrl.parse(text);
  if (url === undefined) throw new InvalidArgumentError(`It must be ${prometheusUrl.expected}.`);
  return url;
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (text === '' || !Number.isSafeInteger(seed) || seed < 0)
    throw new InvalidArgumentError('It must be a whole number.');
  return seed;
}
