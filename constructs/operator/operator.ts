import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { admissionUses, controllersUses, namesOf, type OperatorDefinition, type Use } from '../../lib/kube/index.js';
import { certificates, certificateSecretOf, trustOf } from './certificate.js';
import { crds } from './crds.js';
import { deployment } from './deployment.js';
import { networkPolicy } from './network-policy.js';
import { checkedOptions, type OperatorProps } from './options.js';
import { ADMISSION_PORT, type Process } from './pods.js';
import { grant } from './rights.js';
import { serviceMonitor } from './service-monitor.js';
import { metricsService, webhookService } from './service.js';
import { webhookConfigurations } from './webhook-configuration.js';

/**
 * A declared operator in a cluster: namespace, CustomResourceDefinitions, the rights that follow from its uses, its controllers
 * and, where it declares admission handlers, the webhooks and what serves them. It goes under an `App` or a `Chart`, and holds
 * two charts of its own, since the namespace of a chart would end up on cluster-scoped objects, too: `cluster`, which must be
 * applied first, and `system`.
 */
export class Operator extends Construct {
  /** The namespace, the CustomResourceDefinitions and everything else that is cluster-scoped. */
  readonly cluster: Chart;
  /** Everything in the operator's namespace. */
  readonly system: Chart;

  /** @throws Error for an option that could not work, with its name, its value and what would be right */
  constructor(scope: Construct, id: string, definition: OperatorDefinition, options: OperatorProps = {}) {
    super(scope, id);
    const props = checkedOptions(options, definition);
    const { name } = definition;
    const { namespace = name, certificate = { mode: 'self' }, version } = props;
    const labels = {
      'app.kubernetes.io/part-of': name,
      ...(version === undefined ? {} : { 'app.kubernetes.io/version': version }),
    };
    this.cluster = new Chart(this, 'cluster', { labels });
    this.system = new Chart(this, 'system', { labels, namespace });
    this.system.addDependency(this.cluster);

    if (props.createNamespace ?? true) {
      new ApiObject(this.cluster, 'namespace', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      });
    }
    crds(this.cluster, definition.resources);

    const choice = {
      keepsCertificate: certificate.mode === 'self',
      certificateSecret: certificateSecretOf(name, certificate),
    };
    const controllers = controllersOf(definition, props);
    const admission = admissionOf(definition, props);
    if (controllers) this.run(controllers, controllersUses(definition, choice), { namespace, labels }, props);
    if (admission) {
      this.run(admission, admissionUses(definition, choice), { namespace, labels }, props);
      const service = webhookService(this.system, admission, namespace);
      const trust = trustOf(name, namespace, certificate);
      webhookConfigurations(this.cluster, admission.name, definition.admission, service, trust);
      certificates(this.system, { operator: name, namespace }, certificate);
    }
    const { serviceMonitor: monitor = false } = props;
    if (monitor !== false) serviceMonitor(this.system, { name, namespace }, monitor === true ? {} : monitor);
  }

  private run(
    process: Process,
    uses: readonly Use[],
    { namespace, labels }: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
    props: OperatorProps,
  ): void {
    grant({ cluster: this.cluster, namespaced: this.system }, { name: process.name, namespace }, uses);
    deployment(this.system, process, { namespace, labels, pods: props });
    if (props.networkPolicy ?? true) networkPolicy(this.system, process, namespace);
    if ((props.serviceMonitor ?? false) !== false) metricsService(this.system, process, namespace);
  }
}

type Complete = OperatorProps & { readonly image: string };

function controllersOf(definition: OperatorDefinition, props: Complete): Process | undefined {
  const { certificate = { mode: 'self' } } = props;
  // Without a controller, too, somebody has to keep the certificate.
  const keeps = definition.admission.length > 0 && certificate.mode === 'self';
  if (definition.controllers.length === 0 && !keeps) return undefined;
  return {
    name: namesOf(definition).controllers,
    operator: definition.name,
    component: 'operator',
    image: props.image,
    ports: [],
    props: props.controllers ?? {},
  };
}

function admissionOf(definition: OperatorDefinition, props: Complete): Process | undefined {
  if (definition.admission.length === 0) return undefined;
  return {
    name: namesOf(definition).admission,
    operator: definition.name,
    component: 'webhook',
    image: props.image,
    ports: [ADMISSION_PORT],
    props: props.admission ?? {},
  };
}
