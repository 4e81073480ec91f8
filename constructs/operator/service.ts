import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { ADMISSION_PORT, HEALTH_PORT, labelsOf, selectorOf, type Process } from './pods.js';
import type { WebhookService } from './webhook-configuration.js';

/** The Service that kube-apiserver calls, named like the process behind it. */
export function webhookService(scope: Construct, process: Process, namespace: string): WebhookService {
  const service: WebhookService = { name: process.name, namespace, port: 443 };
  new k8s.KubeService(scope, `${process.name}-service`, {
    metadata: { name: service.name, namespace, labels: labelsOf(process) },
    spec: {
      selector: selectorOf(process),
      ports: [
        {
          name: ADMISSION_PORT.name,
          port: service.port,
          targetPort: k8s.IntOrString.fromString(ADMISSION_PORT.name),
        },
      ],
    },
  });
  return service;
}

/** The label by which the Services of metrics are found: its value is the operator's name. */
export const METRICS_LABEL = 'app.kubernetes.io/metrics-of';

/** The Service behind which a process's metrics are found, of pods that are not ready, too: theirs are worth the most. */
export function metricsService(scope: Construct, process: Process, namespace: string): void {
  const name = `${process.name}-metrics`;
  new k8s.KubeService(scope, name, {
    metadata: { name, namespace, labels: { ...labelsOf(process), [METRICS_LABEL]: process.operator } },
    spec: {
      clusterIp: 'None',
      publishNotReadyAddresses: true,
      selector: selectorOf(process),
      ports: [{ name: 'metrics', port: HEALTH_PORT.number, targetPort: k8s.IntOrString.fromString(HEALTH_PORT.name) }],
    },
  });
}
