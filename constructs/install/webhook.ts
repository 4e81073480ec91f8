import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { NAMES } from '../../lib/optipod/index.js';
import type { WebhookService } from '../operator/index.js';
import type { Installation } from './options.js';
import { selectorOf, type Process } from './process.js';

const PORT = { name: 'https', number: 9443 };

/** The process that admits pods. */
export function webhookProcess({ webhookReplicas, webhookResources }: Installation): Process {
  return {
    name: NAMES.webhook,
    component: 'webhook',
    program: '/app/webhook.js',
    env: {},
    ports: { [PORT.name]: PORT.number },
    resources: webhookResources,
    replicas: webhookReplicas,
    // A new pod is ready before an old one goes: pods that start in between get their resources, too.
    strategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) },
    },
    spread: true,
  };
}

/** The Service that kube-apiserver calls, and a PodDisruptionBudget where there are pods to spare. */
export function webhookService(scope: Construct, process: Process, { namespace }: Installation): WebhookService {
  const service: WebhookService = { name: NAMES.webhook, namespace, port: 443 };
  const selector = selectorOf(process);
  const labels = { 'app.kubernetes.io/component': process.component, ...selector };
  new k8s.KubeService(scope, 'webhook-service', {
    metadata: { name: service.name, namespace, labels },
    spec: {
      selector,
      ports: [{ name: PORT.name, port: service.port, targetPort: k8s.IntOrString.fromString(PORT.name) }],
    },
  });
  if (process.replicas > 1) {
    new k8s.KubePodDisruptionBudget(scope, 'webhook-budget', {
      metadata: { name: process.name, namespace, labels },
      spec: {
        minAvailable: k8s.IntOrString.fromNumber(1),
        // Pods that are not ready serve nobody, and must not hold up the draining of their node.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: selector },
      },
    });
  }
  return service;
}
