import { ApiObject, Lazy, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import type {
  LabelSelectorInput,
  ObjectMetaInput,
  OptimizationPolicySpecInput,
} from '../imports/types/optimization-policy.js';
import { OptimizationPolicy as Resource, policyValidator } from '../lib/api/index.js';
import { written, type Given } from './given.js';
import { Selection, type WorkloadKind } from './selection.js';

/** The fields of an OptimizationPolicy as in YAML, those of `spec` beside `metadata`. Each says its default. */
export interface OptimizationPolicyProps extends Given<OptimizationPolicySpecInput> {
  /**
   * @default - the namespace of the chart, and a name that cdk8s derives from the construct's path: give a name where
   * the policy must stay the same one when code moves
   */
  readonly metadata?: ObjectMetaInput;
}

/**
 * An OptimizationPolicy as something else describes it: what the class takes that `cdk8s import` makes of the CRD, what that
 * class's `toJson()` gives, or a manifest.
 */
export interface OptimizationPolicyManifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ApiObjectMetadata;
  readonly spec: object;
}

/** A namespace by its name, or a construct that has one: a Namespace of any cdk8s-plus, an ApiObject. */
export type NamespaceName = string | { readonly name: string };

const API_VERSION = `${Resource.group}/${Resource.version}`;

/**
 * An OptimizationPolicy in a chart: how OptiPod right-sizes a set of workloads. Synthesis fails for what kube-apiserver would
 * refuse, with kube-apiserver's words.
 *
 * The methods are for what another part of an app knows than the one that made the policy: they only ever add, so that the order
 * of calls does not matter. What is decided in one place, such as `mode`, is a property.
 */
export class OptimizationPolicy extends Construct {
  /** A policy from an imported class's properties or from a manifest, instead of the object that they would make. */
  static fromManifest(scope: Construct, id: string, manifest: OptimizationPolicyManifest): OptimizationPolicy {
    const { apiVersion = API_VERSION, kind = Resource.kind, metadata, spec } = manifest;
    if (apiVersion !== API_VERSION || kind !== Resource.kind) {
      throw new Error(`${scope.node.path}/${id}: ${apiVersion} ${kind} is no ${API_VERSION} ${Resource.kind}`);
    }
    return new OptimizationPolicy(scope, id, { ...spec, ...(metadata && { metadata }) } as OptimizationPolicyProps);
  }

  readonly apiObject: ApiObject;
  private readonly given: unknown;
  private readonly selection = new Selection();
  private readonly outranked = new Set<OptimizationPolicy>();

  constructor(scope: Construct, id: string, props: OptimizationPolicyProps) {
    super(scope, id);
    const { metadata, ...spec } = props;
    this.given = spec;
    // Not the class of the bindings: it drops fields that it does not know before anybody sees them, and JSON patches of
    // quantities get lost in it.
    this.apiObject = new ApiObject(this, 'Resource', {
      apiVersion: API_VERSION,
      kind: Resource.kind,
      ...(metadata && { metadata }),
      spec: Lazy.any({ produce: () => this.spec() }) as unknown,
    });
    // What is judged is what is written: with lazy values, JSON patches and everything.
    this.node.addValidation({
      validate: () =>
        policyValidator.validate(this.apiObject.toJson()).map(({ path, message }) => `${path}: ${message}`),
    });
  }

  /** The name of the object. */
  get name(): string {
    return this.apiObject.name;
  }

  /** Applies the policy to these namespaces, and to no others but those that are allowed elsewhere. */
  allowNamespaces(...namespaces: readonly NamespaceName[]): this {
    for (const namespace of namespaces) this.selection.allow.add(nameOf(namespace));
    return this;
  }

  /** Never applies the policy to these namespaces, whatever else selects them. */
  denyNamespaces(...namespaces: readonly NamespaceName[]): this {
    for (const namespace of namespaces) this.selection.deny.add(nameOf(namespace));
    return this;
  }

  /** Narrows the policy to namespaces that this selects, too. */
  selectNamespaces(selector: Given<LabelSelectorInput>): this {
    this.selection.namespaceSelectors.push(selector);
    return this;
  }

  /** Narrows the policy to workloads that this selects, too, by the labels of the workload itself. */
  selectWorkloads(selector: Given<LabelSelectorInput>): this {
    this.selection.workloadSelectors.push(selector);
    return this;
  }

  /** Applies the policy to these kinds, and to no others but those that are included elsewhere. */
  includeKinds(...kinds: readonly WorkloadKind[]): this {
    for (const kind of kinds) this.selection.include.add(kind);
    return this;
  }

  /** Never applies the policy to these kinds. */
  excludeKinds(...kinds: readonly WorkloadKind[]): this {
    for (const kind of kinds) this.selection.exclude.add(kind);
    return this;
  }

  /**
   * Has this policy act where one of the others matches, too: its weight becomes at least one more than theirs. It is never
   * lowered.
   *
   * @throws Error where one of the others is to outrank this one already.
   */
  outrank(...policies: readonly OptimizationPolicy[]): this {
    for (const policy of policies) {
      if (policy.outranks(this))
        throw new Error(`${this.node.path} cannot outrank ${policy.node.path}, which outranks it`);
      this.outranked.add(policy);
    }
    return this;
  }

  private outranks(other: OptimizationPolicy): boolean {
    return this === other || [...this.outranked].some((policy) => policy.outranks(other));
  }

  private spec(): unknown {
    const spec = written(Resource.spec, this.given) as Readonly<Record<string, unknown>>;
    return { ...spec, selector: this.selection.addedTo(spec.selector), weight: this.weight(spec.weight) };
  }

  /** What is no number stays, for the validator to tell. */
  private weight(given: unknown): unknown {
    const weights = [...this.outranked].map((policy) => policy.effectiveWeight() + 1);
    if (weights.length === 0 || (given !== undefined && typeof given !== 'number')) return given;
    return Math.max(given ?? DEFAULT_WEIGHT, ...weights);
  }

  private effectiveWeight(): number {
    const { weight } = this.spec() as { weight?: unknown };
    return typeof weight === 'number' ? weight : DEFAULT_WEIGHT;
  }
}

const DEFAULT_WEIGHT = (policyValidator.withDefaults({ spec: {} }) as { spec: { weight: number } }).spec.weight;

function nameOf(namespace: NamespaceName): string {
  return typeof namespace === 'string' ? namespace : namespace.name;
}
