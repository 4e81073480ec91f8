/**
 * `optipod/install`: a whole installation of OptiPod, or of any declared operator. Alone of the package's entries it loads
 * cdk8s-plus-28.
 */
import { App } from 'cdk8s';
import type { Construct } from 'constructs';
import { optipodWith } from '../lib/optipod/index.js';
import { operatorProps, optipodOptions, type OptiPodProps } from './install/options.js';
import { Operator } from './operator/index.js';

export type { OperatorFiles } from './install/files.js';
export type { OperatorSettings, OptiPodProps, WebhookSettings } from './install/options.js';
export {
  Operator,
  type Affinity,
  type CertificateProps,
  type FileSource,
  type IssuerRef,
  type OperatorProps,
  type PodProps,
  type ProcessProps,
  type ServiceMonitorProps,
  type SettingsFile,
  type Toleration,
} from './operator/index.js';

/** OptiPod in a cluster: namespace, CustomResourceDefinitions, rights, operator, webhook. */
export class OptiPod extends Operator {
  constructor(scope: Construct, id: string, props: OptiPodProps = {}) {
    super(scope, id, optipodWith(optipodOptions(props)), operatorProps(props));
  }
}

/** The manifests of an installation as one YAML stream, in the order in which they can be applied. Writes no file. */
export function manifestsYaml(props: OptiPodProps = {}): string {
  const app = new App();
  new OptiPod(app, 'optipod', props);
  return app.synthYaml();
}
