import {
  checkSettings,
  CONFIG_KEY,
  parseSetting,
  settingNames,
  terminationGraceSeconds,
  type ResourceRequirements,
  type SettingsContent,
  type SettingsTable,
} from '../../lib/kube/index.js';
import {
  NAMES,
  OPERATOR_SETTINGS,
  SETTINGS_PREFIX,
  WEBHOOK_SETTINGS,
  type OptiPodOptions,
} from '../../lib/optipod/index.js';
import type { PolicyScope } from '../../lib/policy/index.js';
import type { OperatorProps, PodProps, ProcessProps } from '../operator/index.js';
import { VERSION } from '../version.js';
import { operatorFiles, type OperatorFiles } from './files.js';
import { settingValue } from './setting-value.js';
import { checkTogether } from './together.js';

type Operator = SettingsContent<typeof OPERATOR_SETTINGS>;
type Webhook = SettingsContent<typeof WEBHOOK_SETTINGS>;

/** Settings that follow from the options of an installation or from its manifests: nobody gives them otherwise. */
type OperatorDerived = keyof Pick<
  Operator,
  'namespace' | 'healthPort' | 'prometheusUrl' | 'policyScope' | 'inPlaceResize' | 'recreate' | 'certificateMode'
>;
type WebhookDerived = keyof Pick<
  Webhook,
  'namespace' | 'healthPort' | 'port' | 'policyScope' | 'checkAuthors' | 'certificateSecret'
>;

/** Settings of the operator that no option of the installation stands for. */
export type OperatorSettings = Omit<Operator, OperatorDerived>;

/** Settings of the webhook that no option of the installation stands for. */
export type WebhookSettings = Omit<Webhook, WebhookDerived>;

/** What an installation of OptiPod can be told. */
export interface OptiPodProps
  extends PodProps, Pick<OperatorProps, 'createNamespace' | 'certificate' | 'networkPolicy' | 'serviceMonitor'> {
  /**
   * The image of both processes.
   * @default 'ghcr.io/optipod/optipod' at the version of this package
   */
  readonly image?: string;
  /** @default 'optipod-system' */
  readonly namespace?: string;
  /**
   * Where Prometheus answers, as seen from the operator's pod.
   * @default 'http://prometheus-operated.monitoring.svc:9090'
   */
  readonly prometheusUrl?: string;
  /**
   * Further settings of the operator: `{ prometheusStep: '30s' }`. They are in a ConfigMap, and a change rolls the pods out anew.
   * @default - the operator's own defaults
   */
  readonly operatorSettings?: OperatorSettings;
  /**
   * Secrets and certificates for the providers of usage, from Secrets and ConfigMaps in OptiPod's namespace:
   * `{ prometheusToken: { secret: 'prometheus', key: 'token' }, prometheusCaFile: { configMap: 'authority', key: 'ca.crt' } }`.
   * The operator reads them again when they change, in the pods that there are.
   * @default - none
   */
  readonly operatorFiles?: OperatorFiles;
  /**
   * Further settings of the webhook, likewise: `{ drain: '10s' }`.
   * @default - the webhook's own defaults
   */
  readonly webhookSettings?: WebhookSettings;
  /**
   * `Namespace` keeps every policy to workloads of its own namespace.
   * @default 'Cluster'
   */
  readonly policyScope?: PolicyScope;
  /**
   * Whether a policy is refused whose author may not patch workloads everywhere it could reach. Without it, who may write a
   * policy may have every workload changed.
   * @default true
   */
  readonly checkAuthors?: boolean;
  /**
   * Whether policies may have running pods resized in place.
   * @default true
   */
  readonly inPlaceResize?: boolean;
  /**
   * Whether policies may have pods evicted.
   * @default true
   */
  readonly recreate?: boolean;
  /**
   * How many operator pods there are: one leads, the others wait. From two on, a PodDisruptionBudget keeps one of them up.
   * With `leaderElect: false` in `operatorSettings` it must be 1, and an update ends the old pod before it starts the new one.
   * @default 2
   */
  readonly operatorReplicas?: number;
  /**
   * How many webhook pods serve; from two on, a PodDisruptionBudget keeps one of them up.
   * @default 2
   */
  readonly webhookReplicas?: number;
  /** @default - requests of 100m CPU and 128Mi memory, no limits */
  readonly operatorResources?: ResourceRequirements;
  /** @default - requests of 50m CPU and 128Mi memory, no limits */
  readonly webhookResources?: ResourceRequirements;
}

/** What of the options OptiPod's rights follow from. */
export function optipodOptions({ policyScope, checkAuthors, inPlaceResize, recreate }: OptiPodProps): OptiPodOptions {
  return { policyScope, checkAuthors, inPlaceResize, recreate };
}

/**
 * The options of an installation as those of any operator's.
 * @throws Error for what could not work, naming the option, its value and what would be right
 */
export function operatorProps(props: OptiPodProps): OperatorProps {
  const { operatorReplicas = 2, webhookReplicas = 2 } = props;
  for (const [option, replicas] of Object.entries({ operatorReplicas, webhookReplicas })) {
    if (Number.isInteger(replicas) && replicas >= 1) continue;
    throw new Error(`${option}: ${String(replicas)} is no number of pods; it must be a whole number from 1 on`);
  }
  const { files, env, settings: paths } = operatorFiles(props.operatorFiles);
  const twice = Object.keys(paths).find((name) => name in (props.operatorSettings ?? {}));
  if (twice !== undefined) throw new Error(`${twice} is in operatorSettings and in operatorFiles; give it once`);
  const { elects } = checkTogether({
    settings: { ...props.operatorSettings, ...paths },
    files: props.operatorFiles ?? {},
    replicas: operatorReplicas,
  });
  const drain = settingValue(WEBHOOK_SETTINGS, 'drain', 'webhookSettings', props.webhookSettings) as number;
  return {
    ...props,
    image: props.image ?? `ghcr.io/optipod/optipod:${VERSION}`,
    namespace: props.namespace ?? NAMES.namespace,
    version: VERSION,
    controllers: {
      // What is read of a day of samples is dropped at once: a young generation of 48 MB, V8's own choice, is 50 MB more resident.
      // Of its four threads that compile and collect, each holds some megabytes at a time; with a tenth of a CPU one is plenty.
      // What starting and a look into the past leave behind is collected at once (collectGarbage): 10 MB less at most.
      command: ['node', '--max-semi-space-size=2', '--v8-pool-size=1', '--expose-gc', '/app/operator.js'],
      replicas: operatorReplicas,
      // Without an election only the end of the one before keeps two from working at once.
      strategy: elects ? 'RollingUpdate' : 'Recreate',
      // Each is at 90 MiB before it has seen anything.
      resources: props.operatorResources ?? { requests: { cpu: '100m', memory: '128Mi' } },
      files,
      env,
      ...settings(OPERATOR_SETTINGS, operatorDerived(props), 'operatorSettings', {
        ...props.operatorSettings,
        ...paths,
      }),
    },
    admission: {
      command: ['node', '/app/webhook.js'],
      replicas: webhookReplicas,
      terminationGracePeriodSeconds: terminationGraceSeconds(drain),
      resources: props.webhookResources ?? { requests: { cpu: '50m', memory: '128Mi' } },
      ...settings(WEBHOOK_SETTINGS, webhookDerived(props), 'webhookSettings', props.webhookSettings),
    },
  };
}

type Derived<Name extends string> = Readonly<Record<Name, string | boolean | undefined>>;

/** Undefined is what the process knows itself. */
function operatorDerived(props: OptiPodProps): Derived<OperatorDerived> {
  const { prometheusUrl, policyScope, inPlaceResize, recreate, certificate } = props;
  return {
    namespace: undefined,
    healthPort: undefined,
    // The Service that the Prometheus Operator makes, in the namespace its own manifests use.
    prometheusUrl: prometheusUrl ?? 'http://prometheus-operated.monitoring.svc:9090',
    policyScope,
    inPlaceResize,
    recreate,
    certificateMode: certificate?.mode,
  };
}

function webhookDerived({ policyScope, checkAuthors, certificate }: OptiPodProps): Derived<WebhookDerived> {
  return {
    namespace: undefined,
    healthPort: undefined,
    port: undefined,
    policyScope,
    checkAuthors,
    certificateSecret: certificate?.mode === 'secret' ? certificate.secretName : undefined,
  };
}

/** The settings file of a process, checked as the process will check it; none where there is nothing to say. */
function settings(
  table: SettingsTable,
  derived: Readonly<Record<string, string | boolean | undefined>>,
  option: string,
  given: object = {},
): Pick<ProcessProps, 'settings'> {
  for (const [name, value] of Object.entries(derived)) {
    const setting = table[name];
    if (setting && value !== undefined) parseSetting(setting, optionOf(name), value);
    if (name in given) throw new Error(`${name} in ${option} is no setting there: ${instead(name)}`);
  }
  const content = { ...given, ...derived };
  checkSettings(table, content, option, SETTINGS_PREFIX);
  if (Object.values(content).every((value) => value === undefined)) return {};
  return { settings: { variable: settingNames(CONFIG_KEY, SETTINGS_PREFIX).env, content } };
}

/** The option of the installation that a setting follows from. */
function optionOf(name: string): string {
  if (name === 'certificateMode') return 'certificate.mode';
  return name === 'certificateSecret' ? 'certificate.secretName' : name;
}

/** What to do where a setting was given that follows from something else. */
function instead(name: string): string {
  return name === 'healthPort' || name === 'port'
    ? 'the manifests have their own ports'
    : `give the option ${optionOf(name)} of the installation`;
}
