import type { AdmissionDefinition } from './admission.js';
import type { ControllerDefinition } from './controller.js';
import type { Resource } from './resource.js';

/** A whole operator as data: what it defines, reconciles and admits. Its manifests are derived from it. */
export interface OperatorDefinition {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly controllers: readonly ControllerDefinition[];
  readonly admission: readonly AdmissionDefinition[];
}

export function defineOperator(definition: OperatorDefinition): OperatorDefinition {
  return definition;
}
