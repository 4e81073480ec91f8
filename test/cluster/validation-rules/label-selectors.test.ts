import type { Tree } from '../../documents/tree.js';
import { describeSection, type Rule } from './section.js';

const valueNeeded = /Required value: at least one value is required for the operators In and NotIn/;
const valueForbidden = /Forbidden: values must not be given for the operators Exists and DoesNotExist/;
const oneValue = ['a'];

const labelSelectors: readonly Rule[] = [
  aboutExpressions(
    'key - Required for each expression',
    'key',
    [
      { expression: { operator: 'Exists' }, says: /Required value/ },
      { expression: { key: '', operator: 'Exists' }, says: /should be at least 1 chars long/ },
    ],
    [{ key: 'team', operator: 'Exists' }],
  ),
  aboutExpressions(
    'operator - Must be one of: In, NotIn, Exists, DoesNotExist',
    'operator',
    [
      { expression: { key: 'team' }, says: /Required value/ },
      {
        expression: { key: 'team', operator: 'Equals', values: oneValue },
        says: /Unsupported value: "Equals": supported values: "In", "NotIn", "Exists", "DoesNotExist"/,
      },
    ],
    [
      { key: 'team', operator: 'In', values: oneValue },
      { key: 'team', operator: 'NotIn', values: oneValue },
      { key: 'team', operator: 'Exists' },
      { key: 'team', operator: 'DoesNotExist' },
    ],
  ),
  aboutExpressions(
    'values - Required for In and NotIn operators',
    'values',
    [
      { expression: { key: 'team', operator: 'In' }, says: valueNeeded },
      { expression: { key: 'team', operator: 'In', values: [] }, says: valueNeeded },
      { expression: { key: 'team', operator: 'NotIn' }, says: valueNeeded },
      { expression: { key: 'team', operator: 'NotIn', values: [] }, says: valueNeeded },
    ],
    [{ key: 'team', operator: 'In', values: ['a', 'b'] }],
  ),
  aboutExpressions(
    'values - Must not be specified for Exists and DoesNotExist operators',
    'values',
    [
      { expression: { key: 'team', operator: 'Exists', values: oneValue }, says: valueForbidden },
      { expression: { key: 'team', operator: 'DoesNotExist', values: oneValue }, says: valueForbidden },
    ],
    // As Kubernetes' own validation: an empty list is no list.
    [{ key: 'team', operator: 'Exists', values: [] }],
  ),
];

describeSection('Label Selector Validation', labelSelectors);

/** A rule about one match expression, of either label selector. */
function aboutExpressions(
  line: string,
  key: string,
  refused: readonly { expression: Tree; says: RegExp }[],
  accepted: readonly Tree[],
): Rule {
  const paths = ['spec.selector.namespaceSelector.matchExpressions', 'spec.selector.workloadSelector.matchExpressions'];
  return {
    line: `matchExpressions[].${line}`,
    refused: paths.flatMap((path) =>
      refused.map(({ expression, says }) => ({
        change: [path, [expression]] as const,
        fields: [`${path}[0].${key}`],
        says,
      })),
    ),
    accepted: paths.map((path) => [path, accepted] as const),
  };
}
