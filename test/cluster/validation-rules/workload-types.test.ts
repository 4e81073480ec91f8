import { describeSection, type Rule } from './section.js';

const workloadTypes: readonly Rule[] = [
  {
    line: 'All workload types must be one of: Deployment, StatefulSet, DaemonSet',
    refused: ['include', 'exclude'].flatMap((list) =>
      ['Job', 'CronJob', 'ReplicaSet', 'deployment'].map((kind) => ({
        change: [`spec.selector.workloadTypes.${list}`, ['Deployment', kind]] as const,
        fields: [`spec.selector.workloadTypes.${list}[1]`],
        says: new RegExp(`Unsupported value: "${kind}": supported values: "Deployment", "StatefulSet", "DaemonSet"`),
      })),
    ),
    accepted: [['spec.selector.workloadTypes.include', ['Deployment', 'StatefulSet', 'DaemonSet']]],
  },
];

describeSection('Workload Type Validation', workloadTypes);
