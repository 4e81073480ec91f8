import type { AdmissionDefinition } from './admission.js';
import type { ControllerDefinition } from './controller.js';
import type { Kind } from './kind.js';
import type { Resource } from './resource.js';

/** A whole operator as data: what it defines, reconciles and admits. Its manifests are derived from it. */
export interface OperatorDefinition {
  /** Of its Deployment, its service account, its Lease, and the field manager of what it writes. */
  readonly name: string;
  /** What its Deployments run. */
  readonly image?: string;
  readonly resources: readonly Resource[];
  readonly controllers: readonly ControllerDefinition[];
  readonly admission: readonly AdmissionDefinition[];
}

/** Importing a definition does nothing: a command loads it to write its manifests, or to run it. */
export function defineOperator({
  resources,
  controllers = [],
  admission = [],
  ...definition
}: {
  readonly name: string;
  readonly image?: string;
  /** @default the custom resources that the controllers reconcile */
  readonly resources?: readonly Resource[];
  readonly controllers?: readonly ControllerDefinition[];
  readonly admission?: readonly AdmissionDefinition[];
}): OperatorDefinition {
  const reconciled = controllers.flatMap(({ reconciles }) => (isResource(reconciles) ? [reconciles] : []));
  return { ...definition, resources: resources ?? [...new Set(reconciled)], controllers, admission };
}

function isResource(kind: Kind): kind is Resource {
  return 'spec' in kind && 'printerColumns' in kind;
}
