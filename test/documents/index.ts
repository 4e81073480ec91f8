/**
 * Every YAML example of the two documents that specify OptiPod (the CRD specification and the GitOps guide), in their order.
 * The apiserver must accept each of them and keep all that it says: the documents show nothing that they call invalid.
 */

export type What = 'policy' | 'status of a policy' | 'workload' | 'argo-cd' | 'flux';

export interface Example {
  /** In this folder; the folder is the document. */
  readonly file: string;
  /** Under which it stands. */
  readonly heading: string;
  readonly what: What;
  /** A fragment: which object it is merged into, and where its keys belong there (default: the root). */
  readonly into?: { readonly file: string; readonly at?: string };
  /** It is an alternative to what the base says there, not an addition. */
  readonly insteadOf?: string;
}

const policy = 'base-policy.yaml';

const fragment = (at: string): Pick<Example, 'what' | 'into'> => ({ what: 'policy', into: { file: policy, at } });
const selector: Omit<Example, 'file' | 'heading'> = { ...fragment('spec'), insteadOf: 'spec.selector' };
const status: Omit<Example, 'file' | 'heading'> = { what: 'status of a policy', into: { file: policy } };

export const crdSpec: readonly Example[] = [
  { file: 'crd-spec/01-api-version-and-kind.yaml', heading: 'API Version and Kind', ...fragment('') },
  { file: 'crd-spec/02-metadata.yaml', heading: 'Metadata', ...fragment('') },
  { file: 'crd-spec/03-mode.yaml', heading: 'mode (required)', ...fragment('') },
  { file: 'crd-spec/04-weight.yaml', heading: 'weight (optional)', ...fragment('') },
  { file: 'crd-spec/05-namespace-selector.yaml', heading: 'selector.namespaceSelector (optional)', ...selector },
  {
    file: 'crd-spec/06-namespace-selector-expressions.yaml',
    heading: 'selector.namespaceSelector (optional)',
    ...selector,
  },
  { file: 'crd-spec/07-workload-selector.yaml', heading: 'selector.workloadSelector (optional)', ...selector },
  { file: 'crd-spec/08-namespaces.yaml', heading: 'selector.namespaces (optional)', ...selector },
  { file: 'crd-spec/09-workload-types-include.yaml', heading: 'selector.workloadTypes (optional)', ...selector },
  { file: 'crd-spec/10-workload-types-exclude.yaml', heading: 'selector.workloadTypes (optional)', ...selector },
  { file: 'crd-spec/11-provider.yaml', heading: 'metricsConfig.provider (required)', ...fragment('spec') },
  { file: 'crd-spec/12-metrics-server.yaml', heading: 'metricsConfig.metricsServer (optional)', ...fragment('spec') },
  { file: 'crd-spec/13-rolling-window.yaml', heading: 'metricsConfig.rollingWindow (optional)', ...fragment('spec') },
  { file: 'crd-spec/14-percentile.yaml', heading: 'metricsConfig.percentile (optional)', ...fragment('spec') },
  { file: 'crd-spec/15-safety-factor.yaml', heading: 'metricsConfig.safetyFactor (optional)', ...fragment('spec') },
  { file: 'crd-spec/16-cpu-bounds.yaml', heading: 'resourceBounds.cpu (required)', ...fragment('spec') },
  { file: 'crd-spec/17-memory-bounds.yaml', heading: 'resourceBounds.memory (required)', ...fragment('spec') },
  { file: 'crd-spec/18-strategy.yaml', heading: 'updateStrategy.strategy (optional)', ...fragment('spec') },
  {
    file: 'crd-spec/19-rollout-strategy.yaml',
    heading: 'updateStrategy.rolloutStrategy (optional)',
    ...fragment('spec'),
  },
  {
    file: 'crd-spec/20-allow-in-place-resize.yaml',
    heading: 'updateStrategy.allowInPlaceResize (optional)',
    ...fragment('spec'),
  },
  { file: 'crd-spec/21-allow-recreate.yaml', heading: 'updateStrategy.allowRecreate (optional)', ...fragment('spec') },
  {
    file: 'crd-spec/22-update-requests-only.yaml',
    heading: 'updateStrategy.updateRequestsOnly (optional)',
    ...fragment('spec'),
  },
  {
    file: 'crd-spec/23-use-server-side-apply.yaml',
    heading: 'updateStrategy.useServerSideApply (optional)',
    ...fragment('spec'),
  },
  { file: 'crd-spec/24-limit-config.yaml', heading: 'updateStrategy.limitConfig (optional)', ...fragment('spec') },
  {
    file: 'crd-spec/25-allow-unsafe-memory-decrease.yaml',
    heading: 'updateStrategy.allowUnsafeMemoryDecrease (optional)',
    ...fragment('spec'),
  },
  {
    file: 'crd-spec/26-gradual-decrease-config.yaml',
    heading: 'updateStrategy.gradualDecreaseConfig (optional)',
    ...fragment('spec'),
  },
  {
    file: 'crd-spec/27-reconciliation-interval.yaml',
    heading: 'reconciliationInterval (optional)',
    ...fragment(''),
  },
  { file: 'crd-spec/28-status-conditions.yaml', heading: 'conditions', ...status },
  { file: 'crd-spec/29-status-workloads-discovered.yaml', heading: 'workloadsDiscovered', ...status },
  { file: 'crd-spec/30-status-workloads-processed.yaml', heading: 'workloadsProcessed', ...status },
  { file: 'crd-spec/31-status-last-reconciliation.yaml', heading: 'lastReconciliation', ...status },
  { file: 'crd-spec/32-status-workloads-by-type.yaml', heading: 'workloadsByType', ...status },
  // Its status is left out when it is created: that is a subresource's. The test of 28 to 32 shows that it can be written.
  { file: 'crd-spec/33-complete-example.yaml', heading: 'Complete Example', what: 'policy' },
];

export const gitopsGuide: readonly Example[] = [
  {
    file: 'gitops-guide/01-webhook-policy.yaml',
    heading: 'Configuration: Step 1: Enable Webhook in OptiPod Policy',
    what: 'policy',
  },
  {
    file: 'gitops-guide/02-labelled-deployment.yaml',
    heading: 'Configuration: Step 2: Label Your Workloads',
    what: 'workload',
  },
  {
    file: 'gitops-guide/03-annotations.yaml',
    heading: 'How Annotations Work',
    what: 'workload',
    into: { file: 'gitops-guide/02-labelled-deployment.yaml' },
  },
  {
    file: 'gitops-guide/04-ssa-policy.yaml',
    heading: 'Server-Side Apply Strategy (Alternative): Configuration',
    what: 'policy',
  },
  {
    file: 'gitops-guide/05-argocd-ignore-differences.yaml',
    heading: 'ArgoCD Configuration: Option 2: Explicit Ignore',
    what: 'argo-cd',
    into: { file: 'base-application.yaml' },
  },
  {
    file: 'gitops-guide/06-argocd-sync-options.yaml',
    heading: 'ArgoCD Configuration: Option 3: Enable SSA for ArgoCD',
    what: 'argo-cd',
    into: { file: 'base-application.yaml' },
  },
  {
    file: 'gitops-guide/07-flux-force.yaml',
    heading: 'Flux Configuration',
    what: 'flux',
    into: { file: 'base-kustomization.yaml' },
  },
  {
    file: 'gitops-guide/08-api-server-deployment.yaml',
    heading: 'With ArgoCD: Step 1: Create Application in Git',
    what: 'workload',
  },
  {
    file: 'gitops-guide/09-production-optimizer.yaml',
    heading: 'With ArgoCD: Step 3: Create OptiPod Policy',
    what: 'policy',
  },
  {
    file: 'gitops-guide/10-flux-kustomization.yaml',
    heading: 'With Flux: Step 1: Create Kustomization',
    what: 'flux',
  },
  {
    file: 'gitops-guide/11-flux-git-repository.yaml',
    heading: 'With Flux: Step 2: Create GitRepository',
    what: 'flux',
  },
  {
    file: 'gitops-guide/12-new-image.yaml',
    heading: 'Test GitOps Sync: Update image in Git',
    what: 'workload',
    into: { file: 'gitops-guide/08-api-server-deployment.yaml' },
  },
  {
    file: 'gitops-guide/13-complete-deployment.yaml',
    heading: 'Example: Complete Setup: Application Manifest (Git)',
    what: 'workload',
  },
  {
    file: 'gitops-guide/14-complete-application.yaml',
    heading: 'Example: Complete Setup: ArgoCD Application',
    what: 'argo-cd',
  },
  {
    file: 'gitops-guide/15-web-optimizer.yaml',
    heading: 'Example: Complete Setup: OptiPod Policy',
    what: 'policy',
  },
];

export const examples: readonly Example[] = [...crdSpec, ...gitopsGuide];
