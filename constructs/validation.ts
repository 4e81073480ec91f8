/** `optipod/validation`: a plug-in for the `validations` of cdk8s.yaml. */
import { OptimizationPolicy, POLICY_SUBJECT, policyValidator } from '../lib/api/index.js';
import { concerns, type Schema } from '../lib/kube/index.js';

/** What `cdk8s synth` gives a plug-in, as far as this one uses it. Here by its shape: cdk8s-cli is hundreds of packages. */
export interface ValidationContext {
  /** The paths of the files that were synthesized. */
  readonly manifests: readonly string[];
  readonly report: {
    addViolation(violation: Violation): void;
    submit(status: 'success' | 'failure'): void;
  };
  /** The objects in a file. */
  parseManifest(path: string): unknown[];
}

export interface Violation {
  readonly ruleName: string;
  readonly recommendation: string;
  readonly fix: string;
  readonly violatingResources: readonly ViolatingResource[];
}

export interface ViolatingResource {
  readonly resourceName: string;
  readonly locations: readonly string[];
  readonly manifestPath: string;
}

/**
 * Has `cdk8s synth` fail for every OptimizationPolicy that kube-apiserver would refuse, whatever wrote it: constructs, imported
 * classes, raw YAML. In cdk8s.yaml, with the package that the app has installed:
 *
 *     validations:
 *       - package: ./node_modules/optipod
 *         version: 0.1.0
 *         class: OptiPodValidation
 */
export class OptiPodValidation {
  /** @returns a promise, as cdk8s-cli wants it; there is nothing to wait for. */
  validate(context: ValidationContext): Promise<void> {
    const violations = new Map<string, Violation & { readonly violatingResources: ViolatingResource[] }>();
    for (const manifestPath of context.manifests) {
      for (const policy of context.parseManifest(manifestPath).flatMap(policiesIn)) {
        const resourceName = policy.metadata?.name ?? '(no name)';
        for (const { path, message } of policyValidator.validate(policy)) {
          const recommendation = `${path}: ${message}`;
          const violation = violations.get(recommendation) ?? {
            ruleName: path,
            recommendation,
            fix: description(path),
            violatingResources: [],
          };
          violations.set(recommendation, violation);
          violation.violatingResources.push({ resourceName, manifestPath, locations: [path] });
        }
      }
    }
    for (const violation of violations.values()) context.report.addViolation(violation);
    context.report.submit(violations.size === 0 ? 'success' : 'failure');
    return Promise.resolve();
  }
}

interface RawPolicy {
  readonly metadata?: { readonly name?: string };
}

/** An object that is a policy or meant to be one, of a kind or version that there is not, or those in a list. */
function policiesIn(object: unknown): RawPolicy[] {
  if (typeof object !== 'object' || object === null) return [];
  const { apiVersion, kind, items } = object as Readonly<Record<string, unknown>>;
  if (Array.isArray(items) && String(kind).endsWith('List')) return items.flatMap(policiesIn);
  const said = { apiVersion: String(apiVersion), kind: String(kind) };
  return concerns(said, POLICY_SUBJECT) ? [object] : [];
}

/** What the API says about the field, or about the nearest one around it. */
function description(path: string): string {
  let schema: Schema | undefined = OptimizationPolicy.spec;
  let nearest = OptimizationPolicy.description;
  for (const name of path
    .replaceAll(/\[\d+\]/g, '[]')
    .split('.')
    .slice(1)) {
    nearest = schema.description ?? nearest;
    const property: Schema | undefined = schema.properties?.[name.replace('[]', '')];
    schema = name.endsWith('[]') ? property?.items : property;
    if (property) nearest = property.description ?? nearest;
    if (schema === undefined) return nearest;
  }
  return nearest;
}
