import { gradual, limits } from './paths.js';
import { describeSection, type Rule } from './section.js';

const valueConstraints: readonly Rule[] = [
  range('Must be between 1 and 1000', 'spec.weight', [0, 1001], [1, 1000]),
  range('Must be >= 1.0', 'spec.metricsConfig.safetyFactor', [0.99], [1, 1.01, 25]),
  range('Must be >= 1', 'spec.metricsConfig.metricsServer.minSamplesRequired', [0], [1]),
  ...['cpu', 'memory'].map((resource): Rule => {
    const bounds = `spec.resourceBounds.${resource}`;
    return {
      line: `${bounds}.min - Must be <= ${bounds}.max`,
      refused: [
        {
          change: [bounds, { min: '2', max: '1999m' }],
          fields: [`${bounds}.min`],
          says: /min must be less than or equal to max/,
        },
        {
          change: [bounds, { min: 2, max: 1 }],
          fields: [`${bounds}.min`],
          says: /min must be less than or equal to max/,
        },
        {
          change: [bounds, { min: '1025Mi', max: '1Gi' }],
          fields: [`${bounds}.min`],
          says: /min must be less than or equal to max/,
        },
      ],
      accepted: [[bounds, { min: '1999m', max: 2 }]],
    };
  }),
  range('Must be between 1.0 and 10.0', `${limits}.cpuLimitMultiplier`, [0.99, 10.01], [1, 10]),
  range('Must be between 1.0 and 10.0', `${limits}.memoryLimitMultiplier`, [0.99, 10.01], [1, 10]),
  range('Must be between 1 and 50', `${gradual}.memoryDecreasePercentage`, [0, 51], [1, 50]),
  range('Must be between 1 and 90', `${gradual}.maximumTotalDecrease`, [0, 91], [1, 90]),
];

describeSection('Value Constraints', valueConstraints);

/** The values just outside a range are refused, its ends are accepted. */
function range(line: string, path: string, outside: readonly [number, number?], ends: readonly number[]): Rule {
  const [below, above] = outside;
  const lower = { change: [path, below] as const, says: /should be greater than or equal to/ };
  const upper = { change: [path, above] as const, says: /should be less than or equal to/ };
  return {
    line: `${path} - ${line}`,
    refused: above === undefined ? [lower] : [lower, upper],
    accepted: ends.map((end) => [path, end] as const),
  };
}
