import { manifests, type Manifest } from './git.js';
import { applicationForServerSideDiff, objectOf } from './page.js';
import type { Application, Change, GitOpsTools, IgnoreDifferences, IgnoreRule } from './tools.js';
import { treeAt } from '../documents/tree.js';
import type { Way } from './ways.js';

/** A namespace, and the way in which what is recommended is applied there. */
export interface Place {
  readonly namespace: string;
  readonly way: Way;
}

/** Namespaces that are deployed from Git by one tool. */
export interface Delivery {
  readonly places: readonly Place[];
  /** Brings the cluster to what Git says. */
  readonly sync: () => Promise<void>;
  /** What the tool finds different from Git, or had to change: nothing where it is content. */
  readonly complaints: () => Promise<readonly string[]>;
  /** Puts another image into Git. */
  readonly commit: (image: string) => void;
}

/** The rules of docs/gitops.md: for Argo CD, for its server-side diff, and for Flux. */
export const ignoreDifferences = treeAt(objectOf('Application'), 'spec.ignoreDifferences') as IgnoreDifferences[];
export const ignoreResources = treeAt(applicationForServerSideDiff(), 'spec.ignoreDifferences') as IgnoreDifferences[];
export const ignore = treeAt(objectOf('Kustomization'), 'spec.ignore') as IgnoreRule[];

/** Argo CD's two kinds of sync, each compared in both of its ways, and Flux; nothing is configured for OptiPod. */
export function deliveries(tools: GitOpsTools, ways: readonly Way[]): readonly Delivery[] {
  return [
    byArgo(tools, placesOf('argocd-client', ways), {}),
    byArgo(tools, placesOf('argocd-server', ways), { serverSideApply: true }),
    byFlux(tools, placesOf('flux', ways)),
  ];
}

/** The same with the documented rules, by which the tools leave alone what OptiPod applies to templates. */
export function ignoringDeliveries(tools: GitOpsTools, ways: readonly Way[]): readonly Delivery[] {
  const rule = { ignoreDifferences, respectIgnoreDifferences: true };
  const forServer = { ignoreDifferences: ignoreResources };
  return [
    byArgo(tools, placesOf('argocd-client', ways), rule, forServer),
    byArgo(tools, placesOf('argocd-server', ways), { ...rule, serverSideApply: true }, forServer),
    byFlux(tools, placesOf('flux', ways), ignore),
  ];
}

function placesOf(tool: string, ways: readonly Way[]): readonly Place[] {
  return ways.map((way) => ({ namespace: `${tool}-${way.name}`, way }));
}

function gitOf(places: readonly Place[], image?: string): readonly Manifest[] {
  return places.flatMap(({ namespace }) => manifests(namespace, image === undefined ? {} : { image }));
}

/** @param forServer what the server-side diff needs besides */
function byArgo(
  tools: GitOpsTools,
  places: readonly Place[],
  application: Application,
  forServer: Application = {},
): Delivery {
  let git = gitOf(places);
  return {
    places,
    sync: () => tools.argoSync(git, application),
    async complaints() {
      const compared = [
        ...(await tools.argoDiff(git, application)),
        ...(await tools.argoDiff(git, { ...application, ...forServer, serverSideDiff: true })),
      ];
      const outOfSync = compared.filter(({ synced }) => !synced);
      return outOfSync.map(({ kind, difference }) => `${placesIn(places)}: ${kind} ${JSON.stringify(difference)}`);
    },
    commit: (image) => (git = gitOf(places, image)),
  };
}

function byFlux(tools: GitOpsTools, places: readonly Place[], rules?: readonly IgnoreRule[]): Delivery {
  let git = gitOf(places);
  // As the page says: of a DaemonSet, whose templates kube-apiserver counts in a dry run as well.
  const isChange = ({ subject, action }: Change) =>
    action !== 'unchanged' && !(rules && subject.startsWith('DaemonSet/') && action === 'configured');
  return {
    places,
    async sync() {
      await tools.flux(git, rules);
    },
    async complaints() {
      const changes = await tools.flux(git, rules);
      return changes.filter(isChange).map(({ subject, action }) => `${subject} ${action}`);
    },
    commit: (image) => (git = gitOf(places, image)),
  };
}

function placesIn(places: readonly Place[]): string {
  return places.map(({ namespace }) => namespace).join(', ');
}
