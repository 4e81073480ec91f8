import { stringify } from 'yaml';
import type { OptimizationPolicyInput } from 'optipod';
import { loadImage } from '../kit/index.js';

/** The container that it is about. */
export const CONTAINER = 'load';

/** What the demo right-sizes: one container that asks for less CPU and memory than it uses. */
export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'burner', namespace: 'shop', labels: { app: 'burner' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'burner' } },
    template: {
      metadata: { labels: { app: 'burner' } },
      spec: {
        // Gone at once when deleted: nobody wants to wait for it.
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: CONTAINER,
            image: loadImage,
            imagePullPolicy: 'Never',
            args: ['--cpu', '25', '--memory', '96Mi'],
            resources: { requests: { cpu: '50m', memory: '32Mi' } },
          },
        ],
      },
    },
  },
};

/** Where new pods are to be changed. */
export const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', labels: { 'optipod.io/webhook': 'enabled' } },
};

/** A demo cannot wait a day: the window and the interval are the shortest there are. */
export const policy: OptimizationPolicyInput = {
  apiVersion: 'optipod.io/v1alpha1',
  kind: 'OptimizationPolicy',
  metadata: { name: 'burner', namespace: 'shop' },
  spec: {
    mode: 'Auto',
    selector: { namespaces: { allow: ['shop'] } },
    metricsConfig: { provider: 'prometheus', rollingWindow: '5m', percentile: 'P90', safetyFactor: 1.2 },
    resourceBounds: { cpu: { min: '10m', max: '2' }, memory: { min: '16Mi', max: '1Gi' } },
    // The pod that runs stays as it was, for the newborn one to be held against.
    updateStrategy: { strategy: 'webhook', rolloutStrategy: 'onNextRestart', allowInPlaceResize: false },
    reconciliationInterval: '10s',
  },
};

/** The operator's settings, for the same reason: usage every 5 s instead of every minute. */
export const WINDOW_SECONDS = 300;
export const STEP_SECONDS = 5;
export const RATE_SECONDS = 30;
export const operatorSettings = {
  prometheusStep: `${String(STEP_SECONDS)}s`,
  prometheusRateWindow: `${String(RATE_SECONDS)}s`,
  prometheusSettle: '15s',
};

/** The operator's default of memoryHeadroom, as a share. */
export const MEMORY_HEADROOM = 0.15;

export function yaml(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}
