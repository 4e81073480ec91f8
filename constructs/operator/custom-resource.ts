import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { apiVersionOf, validatorOf, type AsWritten, type Resource, type Validator } from '../../lib/kube/index.js';

/** An object of a defined resource, as its author writes it: what has a default may be left out. */
export interface CustomResourceProps<R extends Pick<Resource, 'spec'>> {
  /**
   * @default - the namespace of the chart, and a name that cdk8s derives from the construct's path: give a name where the
   * object must stay the same one when code moves
   */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: AsWritten<R['spec']>;
}

/**
 * An object of any resource that `defineResource` made, in a chart: `new CustomResource(chart, 'anna', Sandbox, { spec })`.
 * The compiler knows the fields; synthesis fails for what kube-apiserver would refuse, with kube-apiserver's words.
 */
export class CustomResource<R extends Resource> extends Construct {
  readonly apiObject: ApiObject;

  constructor(scope: Construct, id: string, resource: R, { metadata, spec }: CustomResourceProps<R>) {
    super(scope, id);
    this.apiObject = new ApiObject(this, 'Resource', {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      ...(metadata && { metadata }),
      spec,
    });
    // What is judged is what is written: with JSON patches and everything.
    this.node.addValidation({
      validate: () =>
        validatorFor(resource)
          .validate(this.apiObject.toJson())
          .map(({ path, message }) => `${path}: ${message}`),
    });
  }

  /** The name of the object. */
  get name(): string {
    return this.apiObject.name;
  }
}

const validators = new WeakMap<Resource, Validator>();

/** To compile one takes some milliseconds, and an app may have many objects of one resource. */
function validatorFor(resource: Resource): Validator {
  const validator = validators.get(resource) ?? validatorOf(resource);
  validators.set(resource, validator);
  return validator;
}
