/** The structural OpenAPI v3 subset that CustomResourceDefinitions take, and the shapes that many APIs share. */

import { CONDITION_MESSAGE_LENGTH } from './conditions.js';
import { durationOf } from './duration.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A CEL rule, `x-kubernetes-validations`. */
export interface Rule {
  /** The CEL expression, true for what is valid; `self` is the value at the schema node. */
  readonly rule: string;
  /** What the author of a refused object reads. */
  readonly message: string;
  /** Where the message points, from the schema node: `.min`. */
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueDuplicate';
}

/** A node of a structural schema. `title` names the generated TypeScript interface and does not reach the CRD. */
export interface Schema {
  readonly title?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly default?: Json;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly anyOf?: readonly Schema[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

/**
 * A CEL expression: whether the value of another one is a quantity. Exponents of three digits are beyond all quantities, and
 * kube-apiserver takes minutes to compare one of ten.
 */
export function celIsQuantity(expression: string): string {
  return `!string(${expression}).matches("[eE][+-]?[0-9]{3}") && isQuantity(string(${expression}))`;
}

/** Longer than any spelling in use; gives the rules a bounded cost. */
const LONGEST_QUANTITY = 64;

/** A Kubernetes quantity, a string or an integer. */
export function quantity<const Options extends { description: string; default?: string }>(options: Options) {
  return {
    ...options,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    maxLength: LONGEST_QUANTITY,
    'x-kubernetes-validations': [{ rule: celIsQuantity('self'), message: 'must be a quantity such as 500m, 2 or 1Gi' }],
  } as const satisfies Schema;
}

/** A Kubernetes quantity, a string or an integer, that must be greater than zero. */
export function positiveQuantity<const Options extends { description: string; default?: string }>(options: Options) {
  return {
    ...options,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    maxLength: LONGEST_QUANTITY,
    'x-kubernetes-validations': [
      {
        rule: `${celIsQuantity('self')} && quantity(string(self)).isGreaterThan(quantity("0"))`,
        message: 'must be a quantity greater than zero, such as 500m, 2 or 1Gi',
      },
    ],
  } as const satisfies Schema;
}

// Neither "w" nor "d" is part of a Go unit. What is not there is an empty string, and zero.
const WEEKS_END = `(self.contains("w") ? self.indexOf("w") : 0)`;
const DAYS_START = `(self.indexOf("w") + 1)`;
const DAYS_END = `(self.contains("d") ? self.indexOf("d") : ${DAYS_START})`;
const GO_START = `(self.contains("d") ? self.indexOf("d") + 1 : ${DAYS_START})`;
const WEEKS = `int("0" + self.substring(0, ${WEEKS_END}))`;
const DAYS = `int("0" + self.substring(${DAYS_START}, ${DAYS_END}))`;
// CEL multiplies no durations, and kube-apiserver's cost estimate has no bound for the length of a number made into a string.
const CEL_DURATION =
  `(timestamp(${WEEKS} * 604800 + ${DAYS} * 86400) - timestamp(0) + ` + `duration("0s" + self.substring(${GO_START})))`;

const celDuration = (text: string) => `duration("${durationOf(text) / 1000}s")`;

/** A duration in Go's syntax with whole weeks and days allowed in front, within bounds written the same way (both included). */
export function durationBetween<
  const Options extends { description: string; default?: string; least: string; most?: string },
>(pattern: string, options: Options) {
  const { least, most, ...rest } = options;
  const upper = most === undefined ? '' : ` && ${CEL_DURATION} <= ${celDuration(most)}`;
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  return {
    ...rest,
    type: 'string',
    minLength: 1,
    maxLength: 32,
    'x-kubernetes-validations': [
      {
        // The pattern is a part of the rule because what kube-apiserver says of its own patterns is the pattern.
        rule: `self.matches(${JSON.stringify(pattern)}) && ${CEL_DURATION} >= ${celDuration(least)}${upper}`,
        message: `must be a duration ${range}, such as 30m, 12h or 7d`,
      },
    ],
  } as const;
}

/** metav1.LabelSelector, with the rules kube-apiserver itself applies to it at run time. */
export function labelSelector(description: string) {
  return {
    title: 'LabelSelector',
    type: 'object',
    description,
    'x-kubernetes-map-type': 'atomic',
    properties: {
      matchLabels: {
        type: 'object',
        description: 'Labels that must be there with exactly these values; all of them (AND).',
        maxProperties: 100,
        additionalProperties: { type: 'string', maxLength: 63 },
      },
      matchExpressions: {
        type: 'array',
        description: 'Label requirements; all of them must hold (AND).',
        maxItems: 100,
        'x-kubernetes-list-type': 'atomic',
        items: {
          title: 'LabelSelectorRequirement',
          type: 'object',
          required: ['key', 'operator'],
          properties: {
            key: { type: 'string', description: 'The label key.', minLength: 1, maxLength: 317 },
            operator: {
              type: 'string',
              description: 'How the key relates to the values.',
              enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
            },
            values: {
              type: 'array',
              description: 'Values for In and NotIn (at least one); must be absent for Exists and DoesNotExist.',
              maxItems: 500,
              'x-kubernetes-list-type': 'atomic',
              items: { type: 'string', maxLength: 63 },
            },
          },
          'x-kubernetes-validations': [
            {
              rule: '!(self.operator in ["In", "NotIn"]) || (has(self.values) && size(self.values) > 0)',
              message: 'at least one value is required for the operators In and NotIn',
              fieldPath: '.values',
              reason: 'FieldValueRequired',
            },
            {
              rule: '!(self.operator in ["Exists", "DoesNotExist"]) || !has(self.values) || size(self.values) == 0',
              message: 'values must not be given for the operators Exists and DoesNotExist',
              fieldPath: '.values',
              reason: 'FieldValueForbidden',
            },
          ],
        },
      },
    },
  } as const satisfies Schema;
}

/** metav1.Condition as a list map by type. */
export function conditionList(description: string) {
  return {
    type: 'array',
    description,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: {
      title: 'Condition',
      type: 'object',
      required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
      properties: {
        type: { type: 'string', description: 'What the condition is about, in CamelCase.', maxLength: 316 },
        status: { type: 'string', description: 'True, False or Unknown.', enum: ['True', 'False', 'Unknown'] },
        reason: { type: 'string', description: 'Why, in one CamelCase word.', minLength: 1, maxLength: 1024 },
        message: { type: 'string', description: 'Why, for a person.', maxLength: CONDITION_MESSAGE_LENGTH },
        observedGeneration: {
          type: 'integer',
          format: 'int64',
          description: 'The metadata.generation that the condition was set for.',
          minimum: 0,
        },
        lastTransitionTime: {
          type: 'string',
          format: 'date-time',
          description: 'When the status last changed from one value to another.',
        },
      },
    },
  } as const satisfies Schema;
}
