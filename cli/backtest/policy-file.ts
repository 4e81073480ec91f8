import type { OptimizationPolicy as Policy } from '../../imports/types/optimization-policy.js';
import { OptimizationPolicy, policyValidator } from '../../lib/api/index.js';
import { Refused } from '../refused.js';
import { contentOf } from '../validation/files.js';
import { judge } from '../validation/findings.js';
import { objectsIn } from '../validation/objects.js';
import { documentsIn } from '../validation/yaml.js';
import type { Estimator } from './estimator.js';
import { policyEstimator } from './policy-estimator.js';

/**
 * An estimator for every OptimizationPolicy in a YAML or JSON file, named `policy/<name>`.
 * @throws Refused where there is none, or something that `optipod validate` would find
 */
export async function policyEstimators(file: string): Promise<Estimator[]> {
  const content = await contentOf({ file, named: true }).catch((error: unknown) => {
    throw new Refused(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const [finding] = judge(file, content).findings;
  if (finding) {
    const { line, column, path, message } = finding;
    throw new Refused(`${file}:${line}:${column}: ${path === '' ? message : `${path}: ${message}`}`);
  }
  const estimators = documentsIn(content).flatMap(({ document }) =>
    objectsIn(document.contents)
      .filter(({ kind }) => kind === OptimizationPolicy.kind)
      .map(({ node, name }) => {
        const policy = policyValidator.withDefaults(node.toJS(document)) as Policy;
        return policyEstimator(`policy/${name}`, policy.spec);
      }),
  );
  if (estimators.length === 0) throw new Refused(`${file}: there is no ${OptimizationPolicy.kind} in it`);
  return estimators;
}
