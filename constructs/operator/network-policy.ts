import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { HEALTH_PORT, labelsOf, selectorOf, type Process } from './pods.js';

/**
 * Lets nothing in but what a process serves, from anywhere: kube-apiserver and the kubelet come from addresses of nodes, which
 * no selector names. What goes out stays open, for the same reason: kube-apiserver's address is no pod's, and where metrics
 * are kept is the installation's own affair.
 */
export function networkPolicy(scope: Construct, process: Process, namespace: string): void {
  const { name } = process;
  new k8s.KubeNetworkPolicy(scope, `${name}-network`, {
    metadata: { name, namespace, labels: labelsOf(process) },
    spec: {
      podSelector: { matchLabels: selectorOf(process) },
      policyTypes: ['Ingress'],
      ingress: [
        {
          ports: [...process.ports, HEALTH_PORT].map(({ number }) => ({
            port: k8s.IntOrString.fromNumber(number),
            protocol: 'TCP',
          })),
        },
      ],
    },
  });
}
