import { NAMES } from '../../lib/optipod/index.js';
import { PROMETHEUS_URL, type Installation } from './options.js';
import type { Process } from './process.js';

/** The process that reconciles. */
export function operatorProcess({ prometheusUrl, operatorSettings, operatorResources }: Installation): Process {
  return {
    name: NAMES.operator,
    component: 'operator',
    program: '/app/operator.js',
    env: { ...operatorSettings, [PROMETHEUS_URL]: prometheusUrl },
    ports: {},
    resources: operatorResources,
    // Nothing keeps two of them from writing at once, so the old one goes before the new one comes.
    replicas: 1,
    strategy: { type: 'Recreate' },
    spread: false,
  };
}
