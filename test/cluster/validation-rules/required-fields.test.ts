import { describeSection, type Rule } from './section.js';

const requiredFields: readonly Rule[] = [
  {
    line: 'spec.mode - Must be one of: Auto, Recommend, Disabled',
    refused: [
      { change: ['spec.mode', undefined], says: /Required value/ },
      {
        change: ['spec.mode', 'auto'],
        says: /Unsupported value: "auto": supported values: "Auto", "Recommend", "Disabled"/,
      },
    ],
    accepted: [
      ['spec.mode', 'Auto'],
      ['spec.mode', 'Recommend'],
      ['spec.mode', 'Disabled'],
    ],
  },
  {
    line: 'spec.selector - At least one selector type must be specified',
    refused: [
      { change: ['spec.selector', undefined], says: /Required value/ },
      {
        change: ['spec.selector', {}],
        says: /at least one of namespaceSelector, workloadSelector, namespaces and workloadTypes/,
      },
    ],
  },
  {
    line: 'spec.metricsConfig.provider - Must be specified',
    refused: [{ change: ['spec.metricsConfig.provider', undefined], says: /Required value/ }],
  },
  ...['cpu', 'memory'].flatMap((resource) => [bound(resource, 'min'), bound(resource, 'max')]),
];

describeSection('Required Fields', requiredFields);

function bound(resource: string, end: 'min' | 'max'): Rule {
  const path = `spec.resourceBounds.${resource}.${end}`;
  // A maximum that is not above zero is also below the minimum.
  const fields = end === 'min' ? [path] : [path, `spec.resourceBounds.${resource}.min`];
  const says = /must be a quantity greater than zero/;
  return {
    line: `${path} - Must be greater than zero`,
    refused: [
      { change: [path, undefined], says: /Required value/ },
      ...['0', 0, '0m', '0Gi', '-1', -1].map((value) => ({ change: [path, value] as const, fields, says })),
      ...['', 'much', '1 Gi', '1gi'].map((value) => ({ change: [path, value] as const, says })),
    ],
  };
}
