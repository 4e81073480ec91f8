/** `optipod/install`: a whole installation of OptiPod. Alone of the package's entries it loads cdk8s-plus-28. */
import { App, ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { NAMES, optipod } from '../lib/optipod/index.js';
import { operatorProcess } from './install/operator.js';
import { installation, type OptiPodProps } from './install/options.js';
import { deployment } from './install/process.js';
import { webhookProcess, webhookService } from './install/webhook.js';
import { crds, grant, webhookConfigurations } from './operator/index.js';
import { VERSION } from './version.js';

export type { OptiPodProps } from './install/options.js';

/**
 * OptiPod in a cluster: namespace, CustomResourceDefinitions, rights, operator, webhook. It goes under an `App` or a
 * `Chart`, and holds two charts of its own, since the namespace of a chart would end up on cluster-scoped objects, too:
 * `cluster`, which must be applied first, and `system`.
 */
export class OptiPod extends Construct {
  /** The namespace, the CustomResourceDefinitions and everything else that is cluster-scoped. */
  readonly cluster: Chart;
  /** Everything in OptiPod's namespace. */
  readonly system: Chart;

  constructor(scope: Construct, id: string, props: OptiPodProps = {}) {
    super(scope, id);
    const options = installation(props);
    const { namespace } = options;
    const labels = { 'app.kubernetes.io/part-of': NAMES.operator, 'app.kubernetes.io/version': VERSION };
    this.cluster = new Chart(this, 'cluster', { labels });
    this.system = new Chart(this, 'system', { labels, namespace });
    this.system.addDependency(this.cluster);

    if (options.createNamespace) {
      new ApiObject(this.cluster, 'namespace', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      });
    }
    crds(this.cluster, optipod.resources);

    const scopes = { cluster: this.cluster, namespaced: this.system };
    const operator = operatorProcess(options);
    const webhook = webhookProcess(options);
    for (const [process, runs] of [
      [operator, optipod.controllers],
      [webhook, optipod.admission],
    ] as const) {
      grant(
        scopes,
        { name: process.name, namespace },
        runs.flatMap(({ uses }) => uses),
      );
      deployment(this.system, process, options, labels);
    }
    const service = webhookService(this.system, webhook, options);
    webhookConfigurations(this.cluster, NAMES.webhookConfiguration, optipod.admission, service);
  }
}

/** The manifests of an installation as one YAML stream, in the order in which they can be applied. Writes no file. */
export function manifestsYaml(props: OptiPodProps = {}): string {
  const app = new App();
  new OptiPod(app, 'optipod', props);
  return app.synthYaml();
}
