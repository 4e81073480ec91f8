/** What somebody has to change who runs a tool that writes the same resources as OptiPod, by the tool's field manager. */
const ADVICE: readonly (readonly [manager: RegExp, advice: string])[] = [
  [
    /^argocd/,
    'Argo CD: leave resources out of Git, or give the Application ignoreDifferences with managedFieldsManagers: [optipod] ' +
      'and the sync option RespectIgnoreDifferences=true, or use the strategy webhook',
  ],
  [
    /^(kustomize|helm)-controller$|^flux/,
    'Flux applies with force: leave resources out of Git, or use the strategy webhook',
  ],
  [/^helm$/, 'Helm: leave resources out of the values of the chart, or use the strategy webhook'],
  [
    /^(kubectl|before-first-apply)/,
    'leave resources out of the manifest that is applied, or annotate the workload with optipod.io/ignore=true',
  ],
];

const OTHERS =
  'have it leave resources alone, use the strategy webhook, or annotate the workload with optipod.io/ignore=true';

/** For the end of a sentence. @param manager of managedFields */
export function advice(manager: string): string {
  return ADVICE.find(([pattern]) => pattern.test(manager))?.[1] ?? OTHERS;
}
