/** What is wrong with a field, in kube-apiserver's words: `path: message` is the line that kubectl would print. */
export interface FieldError {
  /** From the object's root: `spec.resourceBounds.cpu.min`, `spec.selector.namespaces.allow[1]`. */
  readonly path: string;
  /** Where the rule stands that is broken, if that is above the path: the object that lacks a field, or compares two. */
  readonly at?: string;
  /** As the object has it; undefined where it is missing. */
  readonly value: unknown;
  readonly message: string;
  readonly reason: FieldErrorReason;
}

/** The reasons of kube-apiserver's causes, and one for what its strict decoder refuses. */
export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'UnknownField';

/** Before what would be right, in the message about a number where a quantity or a string was meant. */
export const IN_QUOTES = '; write it in quotes: ';

/** The path of a property of an object, or of an item of a list. */
export function childPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/**
 * What OpenAPI calls the type of a JSON value, with the distinction of integers that JSON does not make. What JSON has not at all
 * (Infinity, NaN) is called as it is.
 */
export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInt64(value) ? 'integer' : Number.isFinite(value) ? 'number' : String(value);
  return typeof value;
}

/** Go reads a whole number that is larger as a float. Its largest integer, 2⁶³ - 1, is 2⁶³ once JavaScript has read it. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && value > -(2 ** 63) && value <= 2 ** 63;
}

/**
 * Whether kube-apiserver finds a number to be of type integer: a fraction a billionth above a whole number is. Of the formats it is
 * of none, since 1.36; before, it was not held against any.
 */
export function isTakenForInteger(value: number): boolean {
  if (isInt64(value)) return true;
  const whole = Math.trunc(value);
  return whole >= 1 && value <= Number.MAX_SAFE_INTEGER && (value - whole) / (value + whole) < 1e-9;
}
