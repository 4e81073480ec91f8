import { Command, InvalidArgumentError, Option } from 'commander';
import type { FileSource, OptiPodProps } from '../constructs/install.js';
import { Refused } from './refused.js';

interface Options {
  readonly image?: string;
  readonly imagePullPolicy?: NonNullable<OptiPodProps['imagePullPolicy']>;
  readonly namespace?: string;
  readonly prometheusUrl?: string;
  readonly set: Readonly<Record<string, string>>;
  readonly file: Readonly<Record<string, FileSource>>;
}

/** `optipod manifests`: what `kubectl apply --server-side -f -` takes to install OptiPod. */
export function manifestsCommand(): Command {
  return new Command('manifests')
    .description('print the manifests of an installation as YAML, for kubectl apply --server-side -f -')
    .option('--image <image>', 'image of operator and webhook')
    .addOption(
      new Option('--image-pull-policy <policy>', 'when the image is pulled').choices([
        'Always',
        'IfNotPresent',
        'Never',
      ]),
    )
    .option('--namespace <name>', 'where OptiPod runs')
    .option('--prometheus-url <url>', 'where Prometheus answers, as seen from the operator')
    .option('--set <NAME=VALUE...>', 'a setting of the operator: prometheusStep=30s', setting, {})
    .option(
      '--file <NAME=secret/SECRET/KEY...>',
      'a secret or certificate of the operator, from a Secret, or with configMap/ from a ConfigMap',
      file,
      {},
    )
    .action(async ({ set, file: operatorFiles, ...options }: Options) => {
      // Loading the Kubernetes API takes a while, and other commands do not need it.
      const { manifestsYaml } = await import('../constructs/install.js');
      let yaml: string;
      try {
        yaml = manifestsYaml({ ...options, operatorSettings: set, operatorFiles });
      } catch (error) {
        throw new Refused(error instanceof Error ? error.message : String(error));
      }
      process.stdout.write(yaml);
    });
}

function setting(argument: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = argument.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...before, [argument.slice(0, at)]: argument.slice(at + 1) };
}

function file(argument: string, before: Readonly<Record<string, FileSource>>): Record<string, FileSource> {
  const [, name = '', kind, object = '', key = ''] =
    /^([^=]+)=(secret|configMap)\/([^/]+)\/([^/]+)$/.exec(argument) ?? [];
  if (kind === undefined)
    throw new InvalidArgumentError('It must be NAME=secret/SECRET/KEY or NAME=configMap/CONFIGMAP/KEY.');
  return { ...before, [name]: kind === 'secret' ? { secret: object, key } : { configMap: object, key } };
}
