import { format, resolveConfig } from 'prettier';
import { OptimizationPolicy } from '../lib/api/optimization-policy.js';
import { WorkloadRecommendation } from '../lib/api/workload-recommendation.js';
import { editorSchema } from './generate-json-schema.js';
import { referencePage } from './generate-reference.js';

/** A generated file of the documentation, by its path in the repository. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

const ABOUT_POLICIES = [
  'What the operator says of a policy in its conditions is in [conditions.md](conditions.md), and what `optipod validate` and ' +
    'editors make of this in [editors.md](editors.md).',
];

/** docs/reference/, complete but for the pages that are written by hand. */
export async function generatedDocs(): Promise<readonly GeneratedFile[]> {
  const schema = JSON.stringify(editorSchema(OptimizationPolicy), null, 2);
  return Promise.all([
    formatted('docs/reference/optimizationpolicy.md', referencePage(OptimizationPolicy, ABOUT_POLICIES)),
    formatted('docs/reference/workloadrecommendation.md', referencePage(WorkloadRecommendation, [])),
    formatted('docs/reference/optimizationpolicy.schema.json', schema),
  ]);
}

/** As `npm run lint` wants every file. */
async function formatted(path: string, text: string): Promise<GeneratedFile> {
  return { path, text: await format(text, { ...(await resolveConfig(path)), filepath: path }) };
}
