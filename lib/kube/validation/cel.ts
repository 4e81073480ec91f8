import { Environment } from '@marcbachmann/cel-js';
import { compareQuantities, parseQuantity, quantityOf, type Quantity } from '../quantity.js';

/** A compiled rule: whether it holds for `self`. Throws where CEL itself would fail. */
export type CelRule = (self: unknown) => boolean;

/** What a rule sees as a Quantity. */
class CelQuantity {
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }
}

/** CEL with the extension functions of kube-apiserver that rules here use. */
const environment = new Environment({ unlistedVariablesAreDyn: true })
  .registerType('Quantity', CelQuantity)
  .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
  .registerFunction('quantity(string): Quantity', (text: string) => new CelQuantity(quantityOf(text)))
  .registerFunction(
    'Quantity.isGreaterThan(Quantity): bool',
    (a: CelQuantity, b: CelQuantity) => compareQuantities(a.quantity, b.quantity) > 0,
  )
  .registerFunction('Quantity.compareTo(Quantity): int', (a: CelQuantity, b: CelQuantity) =>
    BigInt(compareQuantities(a.quantity, b.quantity)),
  );

/** @throws for an expression that is no CEL. */
export function compileCel(expression: string): CelRule {
  const evaluate = environment.parse(expression);
  return (self) => evaluate({ self }) === true;
}
