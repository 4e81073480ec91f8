import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { METRICS_LABEL } from './service.js';

/** How the Prometheus Operator is told of metrics. */
export interface ServiceMonitorProps {
  /**
   * Time between two scrapes.
   * @default - that of the Prometheus
   */
  readonly interval?: string;
  /**
   * By which a Prometheus finds its ServiceMonitors: `{ release: 'kube-prometheus-stack' }`.
   * @default - none besides the operator's own
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Of the Prometheus Operator: both processes, by the Services of their metrics. */
export function serviceMonitor(
  scope: Construct,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  { interval, labels = {} }: ServiceMonitorProps,
): void {
  new ApiObject(scope, 'service-monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: { [METRICS_LABEL]: name } },
      endpoints: [{ port: 'metrics', ...(interval === undefined ? {} : { interval }) }],
    },
  });
}
