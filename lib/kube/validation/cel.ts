import { Environment } from '@marcbachmann/cel-js';
import { compareQuantities, parseQuantity, type Quantity } from '../quantity.js';
import { GoDuration, parseGoDuration } from './go-duration.js';

/** A compiled rule: whether it holds for `self`. Throws where CEL itself would fail. */
export type CelRule = (self: unknown) => boolean;

/** What a rule sees as a Quantity. */
class CelQuantity {
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }
}

/** What cel-js calls a duration: the difference of two timestamps. */
interface CelDuration {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** cel-js does not let its functions be replaced. These of its own are not Go's, or are slow: rules call ours by another name. */
const REPLACED = /\b(duration|matches)\(/g;

const patterns = new Map<string, RegExp>();

/** CEL with the extension functions of kube-apiserver that rules here use. */
const environment = new Environment({ unlistedVariablesAreDyn: true })
  .registerType('Quantity', CelQuantity)
  .registerFunction('isQuantity(string): bool', (text: string) => readQuantity(text) !== undefined)
  .registerFunction('quantity(string): Quantity', (text: string) => {
    const quantity = readQuantity(text);
    if (!quantity) throw new RangeError(`not a quantity: ${text}`);
    return new CelQuantity(quantity);
  })
  .registerFunction(
    'Quantity.isGreaterThan(Quantity): bool',
    (a: CelQuantity, b: CelQuantity) => compareQuantities(a.quantity, b.quantity) > 0,
  )
  .registerFunction('Quantity.compareTo(Quantity): int', (a: CelQuantity, b: CelQuantity) =>
    BigInt(compareQuantities(a.quantity, b.quantity)),
  )
  .registerType('GoDuration', GoDuration)
  .registerFunction('go_duration(string): GoDuration', parseGoDuration)
  .registerOperator(
    'google.protobuf.Duration + GoDuration: GoDuration',
    (a: CelDuration, b: GoDuration) => new GoDuration(a.seconds * 1_000_000_000n + BigInt(a.nanos) + b.nanos),
  )
  .registerOperator('GoDuration > GoDuration', (a: GoDuration, b: GoDuration) => a.nanos > b.nanos)
  .registerOperator('GoDuration < GoDuration', (a: GoDuration, b: GoDuration) => a.nanos < b.nanos)
  .registerOperator('GoDuration >= GoDuration', (a: GoDuration, b: GoDuration) => a.nanos >= b.nanos)
  .registerOperator('GoDuration <= GoDuration', (a: GoDuration, b: GoDuration) => a.nanos <= b.nanos)
  .registerFunction('string.go_matches(string): bool', (text: string, pattern: string) => {
    const regexp = patterns.get(pattern) ?? new RegExp(pattern, 'u');
    patterns.set(pattern, regexp);
    return regexp.test(text);
  });

/** The largest quantity in powers of two: kube-apiserver cuts what is larger, but only that. */
const BINARY_MAX: Quantity = { nanos: (2n ** 63n - 1n) * 10n ** 9n };

/** Rules read the same few quantities again and again. */
const REMEMBERED = 1000;
const quantities = new Map<string, Quantity | undefined>();

function readQuantity(text: string): Quantity | undefined {
  if (quantities.has(text)) return quantities.get(text);
  if (quantities.size >= REMEMBERED) quantities.clear();
  const quantity = quantityAsWritten(text);
  quantities.set(text, quantity);
  return quantity;
}

/** As kube-apiserver reads it: where there is no digit it is zero. */
function quantityAsWritten(text: string): Quantity | undefined {
  if (text === '') return undefined;
  const quantity = parseQuantity(text.replace(/^([+-]?)(?=\.?(?:[A-Za-z]|$))/, '$10'));
  if (!quantity || !text.endsWith('i')) return quantity;
  return compareQuantities(quantity, BINARY_MAX) > 0 ? BINARY_MAX : quantity;
}

/** @throws for an expression that is no CEL. */
export function compileCel(expression: string): CelRule {
  const evaluate = environment.parse(expression.replace(REPLACED, 'go_$1('));
  return (self) => evaluate({ self }) === true;
}
