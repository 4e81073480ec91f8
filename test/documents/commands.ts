/** Every command of the two documents, in their order, and what a reader must see after typing it today. */

export interface Command {
  /** Under which it stands. */
  readonly heading: string;
  /** As the document has it, placeholders included. */
  readonly command: string;
  /** What the placeholders stand for here. */
  readonly where?: Readonly<Record<string, string>>;
  /** The files it reads, and which example each is. */
  readonly files?: Readonly<Record<string, string>>;
  /** All of it must be in what is printed. */
  readonly shows: readonly RegExp[];
  /** kubectl has changed: as written it finds nothing (exit code 1); this is the new way. */
  readonly now?: string;
  /** It never ends by itself: it has done its work once this was printed. */
  readonly until?: RegExp;
  /** `optipod`: its manifests are applied. `node`: and its pods run. @default any cluster with the CRDs */
  readonly needs?: 'optipod' | 'node';
}

/** A command of a tool that is not kubectl: listed so that nothing of the documents is missing here, not run. */
export interface OtherCommand {
  readonly heading: string;
  readonly command: string;
  readonly tool: 'argocd' | 'flux' | 'shell';
}

const api = { name: 'api-server', namespace: 'production' };
const web = { name: 'web-app', namespace: 'production' };
const webhookPolicy = { 'policy-name': 'production-optimizer' };
const ssaPolicy = { 'policy-name': 'production-workloads' };

const table = [/^NAME +MODE +PROVIDER +READY +DISCOVERED +PROCESSED +AGE$/m, /^production-policy +Auto +prometheus /m];
const annotations = [/"optipod\.io\/cpu-request\.api": "250m"/, /"optipod\.io\/strategy": "webhook"/];
const ownership = [/manager: optipod\n/, /f:requests:\n +f:cpu: {}\n +f:memory: {}/];
const webhookConfiguration = [/^optipod-webhook +1 /m];

/** To be run in the namespace `default`, where the document's policy is. */
export const crdSpec: readonly Command[] = [
  {
    heading: 'Create a policy',
    command: 'kubectl apply -f policy.yaml',
    files: { 'policy.yaml': 'crd-spec/33-complete-example.yaml' },
    shows: [/^optimizationpolicy\.optipod\.io\/production-policy created$/m],
  },
  { heading: 'List policies', command: 'kubectl get optimizationpolicies', shows: table },
  { heading: 'List policies', command: 'kubectl get optpol', shows: table },
  {
    heading: 'Describe a policy',
    command: 'kubectl describe optimizationpolicy production-policy',
    shows: [
      /^Name: +production-policy$/m,
      /Rolling Window: +24h/,
      /Message: +Policy is active and processing workloads/,
    ],
  },
  {
    heading: 'View policy status',
    command: 'kubectl get optimizationpolicy production-policy -o yaml',
    shows: [/^status:$/m, /reason: PolicyActive/, /workloadsDiscovered: 10/],
  },
  {
    heading: 'Delete a policy',
    command: 'kubectl delete optimizationpolicy production-policy',
    shows: [/^optimizationpolicy\.optipod\.io "production-policy" deleted/m],
  },
  {
    heading: 'Watch policy changes',
    command: 'kubectl get optimizationpolicies --watch',
    shows: [/^NAME +MODE /m],
    until: /^base-policy +Recommend /m,
  },
];

/** To be run in the namespace `production`, which is the one they label. */
export const gitopsGuide: readonly Command[] = [
  {
    heading: 'Step 3: Label Namespace for Webhook',
    command: 'kubectl label namespace production optipod.io/webhook=enabled',
    shows: [/^namespace\/production labeled$/m],
  },
  {
    heading: 'With ArgoCD: Step 3: Create OptiPod Policy',
    command: 'kubectl apply -f optipod-policy.yaml',
    files: { 'optipod-policy.yaml': 'gitops-guide/09-production-optimizer.yaml' },
    shows: [/^optimizationpolicy\.optipod\.io\/production-optimizer /m],
  },
  {
    heading: 'With ArgoCD: Step 4: Verify',
    command: 'kubectl describe optimizationpolicy production-optimizer',
    shows: [/^Name: +production-optimizer$/m, /Rollout Strategy: +onNextRestart/],
  },
  {
    heading: 'With ArgoCD: Step 4: Verify',
    command: 'kubectl get deployment api-server -o yaml | grep "optipod.io/"',
    shows: [/optipod\.io\/cpu-request\.api: 250m/],
  },
  {
    heading: 'With ArgoCD: Step 4: Verify',
    command: 'kubectl get deployment api-server -o yaml | grep -A 30 managedFields',
    shows: [/manager: optipod-metadata/],
    now: 'kubectl get deployment api-server -o yaml --show-managed-fields | grep -A 30 managedFields',
  },
  {
    heading: 'With Flux: Step 3: Apply Flux Resources',
    command: 'kubectl apply -f flux/gitrepository.yaml',
    files: { 'flux/gitrepository.yaml': 'gitops-guide/11-flux-git-repository.yaml' },
    shows: [/^gitrepository\.source\.toolkit\.fluxcd\.io\/api-server created$/m],
  },
  {
    heading: 'With Flux: Step 3: Apply Flux Resources',
    command: 'kubectl apply -f flux/kustomization.yaml',
    files: { 'flux/kustomization.yaml': 'gitops-guide/10-flux-kustomization.yaml' },
    shows: [/^kustomization\.kustomize\.toolkit\.fluxcd\.io\/api-server created$/m],
  },
  {
    heading: 'Verify OptiPod is Working',
    command: 'kubectl get optimizationpolicy -A',
    shows: [/^NAMESPACE +NAME +MODE +PROVIDER /m, /^production +production-optimizer +Auto /m],
  },
  {
    heading: 'Verify OptiPod is Working',
    command:
      "kubectl get deployment <name> -n <namespace> \\\n  -o jsonpath='{.metadata.annotations}' | jq | grep optipod.io",
    where: api,
    shows: annotations,
  },
  {
    heading: 'Verify OptiPod is Working',
    command: 'kubectl get deployment <name> -n <namespace> -o yaml | grep -A 30 managedFields',
    where: web,
    shows: [/manager: optipod\n/],
    now: 'kubectl get deployment <name> -n <namespace> -o yaml --show-managed-fields | grep -A 30 managedFields',
  },
  {
    heading: 'Verify OptiPod is Working',
    command: 'kubectl get events -n <namespace> --field-selector source=optipod',
    where: web,
    shows: [/SSAOwnershipTaken +deployment\/web-app/, /SSAConflict +deployment\/web-app/],
  },
  {
    heading: 'Test GitOps Sync',
    command:
      "kubectl get deployment <name> -n <namespace> \\\n  -o jsonpath='{.spec.template.spec.containers[0].image}'",
    where: api,
    shows: [/^myorg\/api-server:v1\.1\.0$/],
  },
  {
    heading: 'Test GitOps Sync',
    command:
      "kubectl get deployment <name> -n <namespace> \\\n  -o jsonpath='{.spec.template.spec.containers[0].resources}'",
    where: web,
    shows: [/"requests":{"cpu":"250m","memory":"512Mi"}/],
  },
  {
    heading: 'Issue: ArgoCD Shows OutOfSync: For Webhook Strategy',
    command: 'kubectl get mutatingwebhookconfiguration optipod-webhook',
    shows: webhookConfiguration,
    needs: 'optipod',
  },
  {
    heading: 'Issue: ArgoCD Shows OutOfSync: For Webhook Strategy',
    command: 'kubectl get namespace <namespace> --show-labels | grep optipod.io/webhook',
    where: api,
    shows: [/optipod\.io\/webhook=enabled/],
  },
  {
    heading: 'Issue: ArgoCD Shows OutOfSync: For Webhook Strategy',
    command: "kubectl get optimizationpolicy <policy-name> \\\n  -o jsonpath='{.spec.updateStrategy.strategy}'",
    where: webhookPolicy,
    shows: [/^webhook$/],
  },
  {
    heading: 'Issue: ArgoCD Shows OutOfSync: For SSA Strategy',
    command:
      "kubectl get optimizationpolicy <policy-name> \\\n  -o jsonpath='{.spec.updateStrategy.useServerSideApply}'",
    where: ssaPolicy,
    shows: [/^true$/],
  },
  {
    heading: 'Issue: OptiPod Changes Reverted: For Webhook Strategy',
    command: 'kubectl get deployment <name> -n <namespace> -o yaml | grep -A 10 "resources:"',
    where: api,
    shows: [/cpu: 100m/, /memory: 128Mi/],
  },
  {
    heading: 'Issue: OptiPod Changes Reverted: For Webhook Strategy',
    command:
      "kubectl get deployment <name> -n <namespace> \\\n  -o jsonpath='{.metadata.annotations}' | jq | grep optipod.io",
    where: api,
    shows: annotations,
  },
  {
    heading: 'Issue: OptiPod Changes Reverted: For SSA Strategy',
    command: 'kubectl get deployment <name> -n <namespace> -o yaml | grep -A 50 managedFields',
    where: web,
    shows: ownership,
    now: 'kubectl get deployment <name> -n <namespace> -o yaml --show-managed-fields | grep -A 50 managedFields',
  },
  {
    heading: 'Issue: OptiPod Changes Reverted: For SSA Strategy',
    command:
      'kubectl get deployment <name> -n <namespace> -o yaml | \\\n  grep -A 50 managedFields | grep -A 10 optipod',
    where: web,
    shows: [/manager: optipod\n/],
    now:
      'kubectl get deployment <name> -n <namespace> -o yaml --show-managed-fields | \\\n' +
      '  grep -A 50 managedFields | grep -A 10 optipod',
  },
  {
    heading: 'Issue: Webhook Not Mutating Pods',
    command: 'kubectl get deployment -n optipod-system optipod-webhook',
    shows: [/^optipod-webhook +\d+\/\d+ /m],
    needs: 'optipod',
  },
  {
    heading: 'Issue: Webhook Not Mutating Pods',
    command: 'kubectl get mutatingwebhookconfiguration optipod-webhook',
    shows: webhookConfiguration,
    needs: 'optipod',
  },
  {
    heading: 'Issue: Webhook Not Mutating Pods',
    command: 'kubectl label namespace <namespace> optipod.io/webhook=enabled',
    where: api,
    shows: [/^namespace\/production (not )?labeled$/m],
  },
  {
    heading: 'Issue: Webhook Not Mutating Pods',
    command: 'kubectl logs -n optipod-system deployment/optipod-webhook',
    shows: [/\S/],
    needs: 'node',
  },
  {
    heading: 'Issue: Webhook Not Mutating Pods',
    command: 'kubectl get deployment <name> -n <namespace> --show-labels',
    where: api,
    shows: [/LABELS\n/, /app=api-server,optimize=true$/m],
  },
  {
    heading: 'Issue: Webhook Not Mutating Pods',
    command: "kubectl get optimizationpolicy <policy-name> \\\n  -o jsonpath='{.spec.selector}' | jq",
    where: webhookPolicy,
    shows: [/"optimize": "true"/],
  },
  {
    heading: 'Issue: Field Ownership Conflicts (SSA)',
    command: 'kubectl get deployment <name> -n <namespace> -o yaml | \\\n  grep -A 50 managedFields',
    where: web,
    shows: ownership,
    now: 'kubectl get deployment <name> -n <namespace> -o yaml --show-managed-fields | \\\n  grep -A 50 managedFields',
  },
  {
    heading: 'Issue: Field Ownership Conflicts (SSA)',
    command: "kubectl get optimizationpolicy <policy-name> \\\n  -o jsonpath='{.spec.updateStrategy}' | jq",
    where: ssaPolicy,
    shows: [/"strategy": "ssa"/, /"useServerSideApply": true/],
  },
  {
    heading: 'Issue: Field Ownership Conflicts (SSA)',
    command: 'kubectl get events -n <namespace> --field-selector reason=SSAConflict',
    where: web,
    shows: [/SSAConflict +deployment\/web-app/],
  },
  {
    heading: 'Example: Complete Setup: Deploy',
    command: 'kubectl label namespace production optipod.io/webhook=enabled',
    shows: [/^namespace\/production (not )?labeled$/m],
  },
  {
    heading: 'Example: Complete Setup: Deploy',
    command: 'kubectl apply -f optipod-policy.yaml',
    files: { 'optipod-policy.yaml': 'gitops-guide/15-web-optimizer.yaml' },
    shows: [/^optimizationpolicy\.optipod\.io\/web-optimizer created$/m],
  },
  {
    heading: 'Example: Complete Setup: Deploy',
    command: 'kubectl describe optimizationpolicy web-optimizer',
    shows: [/^Name: +web-optimizer$/m, /Safety Factor: +1\.2/],
  },
];

const create = (name: string) =>
  [
    `argocd app create ${name}`,
    `  --repo https://github.com/myorg/${name}`,
    '  --path k8s',
    '  --dest-server https://kubernetes.default.svc',
    '  --dest-namespace production',
    '  --sync-policy automated',
  ].join(' \\\n');

export const others: readonly OtherCommand[] = [
  { heading: 'With ArgoCD: Step 2: Deploy with ArgoCD', tool: 'argocd', command: create('api-server') },
  { heading: 'With ArgoCD: Step 4: Verify', tool: 'argocd', command: 'argocd app get api-server' },
  { heading: 'Check for Sync Conflicts', tool: 'argocd', command: 'argocd app get <app-name>' },
  { heading: 'Check for Sync Conflicts', tool: 'flux', command: 'flux get kustomizations' },
  { heading: 'Test GitOps Sync', tool: 'shell', command: 'sleep 30' },
  {
    heading: 'Issue: OptiPod Changes Reverted: For SSA Strategy',
    tool: 'argocd',
    command: 'argocd app get <app-name> -o yaml | grep -A 10 ignoreDifferences',
  },
  { heading: 'Example: Complete Setup: Deploy', tool: 'argocd', command: create('web-app') },
  { heading: 'Example: Complete Setup: Deploy', tool: 'argocd', command: 'argocd app get web-app' },
];
