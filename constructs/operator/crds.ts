import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { crd, type Resource } from '../../lib/kube/index.js';

/** The CustomResourceDefinitions of resources, word for word: typed bindings of CRDs would drop newer schema fields. */
export function crds(scope: Construct, resources: readonly Resource[]): void {
  for (const definition of resources.map(crd)) new ApiObject(scope, definition.metadata.name, definition);
}
