import { format, resolveConfig } from 'prettier';
import { OptimizationPolicy } from '../lib/api/optimization-policy.js';
import { WorkloadRecommendation } from '../lib/api/workload-recommendation.js';
import { settingsReference } from '../lib/kube/index.js';
import { OPERATOR_SETTINGS, SETTINGS_PREFIX, WEBHOOK_SETTINGS } from '../lib/optipod/index.js';
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

const ABOUT_RECOMMENDATIONS = ['What the reasons in it mean is in [reasons.md](reasons.md).'];

/** docs/reference/, complete but for the pages that are written by hand. */
export async function generatedDocs(): Promise<readonly GeneratedFile[]> {
  const schema = JSON.stringify(editorSchema(OptimizationPolicy), null, 2);
  return Promise.all([
    formatted('docs/reference/optimizationpolicy.md', referencePage(OptimizationPolicy, ABOUT_POLICIES)),
    formatted('docs/reference/workloadrecommendation.md', referencePage(WorkloadRecommendation, ABOUT_RECOMMENDATIONS)),
    formatted('docs/reference/optimizationpolicy.schema.json', schema),
    formatted('docs/reference/settings.md', settingsPage()),
  ]);
}

function settingsPage(): string {
  return [
    '<!-- Generated from lib/ by `npm run generate`; do not edit. -->',
    '# Settings',
    'Both processes read their settings when they start: defaults, over them a file (YAML or JSON) that `--config` or ' +
      `\`${SETTINGS_PREFIX}CONFIG\` names, over it the environment, over it flags. An empty variable counts as absent. What is ` +
      'wrong is refused with its name, its value and what would be right; so is what is no setting.',
    '```yaml\n# A settings file.\nlogLevel: debug\nprometheusUrl: http://prometheus.monitoring.svc:9090\nprometheusStep: 1m\n```',
    '## Of the operator',
    settingsReference(OPERATOR_SETTINGS, SETTINGS_PREFIX),
    '## Of the webhook',
    settingsReference(WEBHOOK_SETTINGS, SETTINGS_PREFIX),
    '',
  ].join('\n\n');
}

/** As `npm run lint` wants every file. */
async function formatted(path: string, text: string): Promise<GeneratedFile> {
  return { path, text: await format(text, { ...(await resolveConfig(path)), filepath: path }) };
}
