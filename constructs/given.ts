/** What an app may give where the API has a quantity or a duration, and what ends up in the manifest. */
import { Lazy } from 'cdk8s';
import type { Quantity } from '../imports/types/optimization-policy.js';
import type { Schema } from '../lib/kube/index.js';

/**
 * CPU: `'500m'`, a number of cores, or an object with an `amount` such as the `Cpu` of any cdk8s-plus. The classes are taken
 * by their shape, because apps have a cdk8s-plus of their own choice.
 */
export type CpuQuantity = Quantity | { readonly amount: string };

/** Memory: `'64Mi'`, a number of bytes, a `Size` of cdk8s, or an object with an `amount`. */
export type MemoryQuantity = Quantity | { asString(): string } | { readonly amount: string };

/** `'7d'`, `'1h30m'`, or a `Duration` of cdk8s. */
export type DurationGiven = string | { toMilliseconds(options: { readonly integral: boolean }): number };

type DurationField = 'rollingWindow' | 'reconciliationInterval';

/** A type of the API as an app gives it: read-only, quantities and durations in all their forms. Keeps what fields document. */
export type Given<T, Q = MemoryQuantity> = T extends readonly (infer Item)[]
  ? readonly Given<Item, Q>[]
  : T extends object
    ? { readonly [Name in keyof T]: GivenField<Name, T[Name], Q> }
    : T;

type GivenField<Name, T, Q> = [Quantity] extends [T]
  ? Q
  : Name extends DurationField
    ? DurationGiven
    : Given<T, Name extends 'cpu' ? CpuQuantity : Q>;

/**
 * What was given as JSON: lazy values are produced, and what stands for a quantity or a duration is written as one. Goes by the
 * schema, so that a label named `amount` stays one. What is of the wrong type passes, for the validator to tell.
 */
export function written(schema: Schema, given: unknown): unknown {
  if (given instanceof Lazy) return written(schema, given.produce());
  if (schema['x-kubernetes-int-or-string']) return quantity(given);
  if (schema.type === 'string') return duration(given);
  const { items, properties = {} } = schema;
  if (Array.isArray(given)) return items ? given.map((item) => written(items, item)) : (given as unknown);
  if (typeof given !== 'object' || given === null || schema.properties === undefined) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]: [string, unknown]) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, property ? written(property, value) : value];
    }),
  );
}

/** The classes that `cdk8s import` makes for fields that are integer or string have a `value`. */
function quantity(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const { asString, amount, value } = given as Partial<Record<'asString' | 'amount' | 'value', unknown>>;
  if (typeof asString === 'function') return (given as { asString(): unknown }).asString();
  if (typeof amount === 'string') return amount;
  return typeof value === 'string' || typeof value === 'number' ? value : given;
}

function duration(given: unknown): unknown {
  return isDuration(given) ? durationText(given.toMilliseconds({ integral: false })) : given;
}

function isDuration(given: unknown): given is Exclude<DurationGiven, string> {
  return typeof (given as { toMilliseconds?: unknown } | null)?.toMilliseconds === 'function';
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** Milliseconds as policies write them, largest units first: 129,600,000 is `1d12h`. Nothing is `0s`. */
export function durationText(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  let text = '';
  for (const [unit, length] of UNITS) {
    const amount = Math.floor(rest / length);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * length;
  }
  return text === '' ? '0s' : text;
}
