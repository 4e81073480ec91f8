import { eventsOf, waitFor } from '../../../kit/index.js';
import { isTree, treeAt, type Tree } from '../../../documents/tree.js';
import type { Request } from '../../../support/audit.js';
import type { Installation } from '../installation.js';
import { deployment, namespace, pathOf, policy, type Name } from '../objects.js';

/** A policy that writes to templates. */
export function writing(space: string, spec: Tree = {}): Tree {
  const { updateStrategy, ...rest } = spec as { updateStrategy?: Tree };
  return policy(space, 'auto', { mode: 'Auto', updateStrategy: { strategy: 'ssa', ...updateStrategy }, ...rest });
}

/** The Deployments of one namespace, and what becomes of their templates. */
export class Templates {
  readonly #installation: Installation;
  readonly space: string;
  readonly policy: Name;
  readonly web: Name;

  constructor(installation: Installation, space: string) {
    this.#installation = installation;
    this.space = space;
    this.policy = `OptimizationPolicy/${space}/auto`;
    this.web = `Deployment/${space}/web`;
  }

  get #objects() {
    return this.#installation.objects;
  }

  /** A namespace with a Deployment as somebody applied it. */
  async create(over?: Tree, manager = 'kubectl'): Promise<void> {
    await this.#objects.create(namespace(this.space));
    await this.apply(manager, deployment(this.space, 'web', over));
  }

  /** Server-side apply, with force. */
  apply(manager: string, object: Tree): Promise<Tree> {
    const name: Name = `Deployment/${this.space}/${String(treeAt(object, 'metadata.name'))}`;
    return this.#objects.api.apply(pathOf(name), object, manager);
  }

  /** Requests and limits by container, as the template says them. */
  async resources(): Promise<Record<string, unknown>> {
    const object = await this.#objects.get(this.web);
    const of = (list: string) => (treeAt(object, `spec.template.spec.${list}`) ?? []) as Tree[];
    return Object.fromEntries(
      [...of('containers'), ...of('initContainers')].map(({ name, resources }) => [String(name), resources]),
    );
  }

  /** How many rollouts there were, the first one included, once kube-controller-manager has seen the template as it is. */
  rollouts(): Promise<number> {
    return waitFor('the Deployment to be seen', async () => {
      const object = await this.#objects.get(this.web);
      const annotations = treeAt(object, 'metadata.annotations');
      const revision = isTree(annotations) ? annotations['deployment.kubernetes.io/revision'] : undefined;
      const isSeen = treeAt(object, 'status.observedGeneration') === treeAt(object, 'metadata.generation');
      return isSeen && revision !== undefined ? Number(revision) : undefined;
    });
  }

  /** Field managers of the template, `<manager> <operation>`. */
  async managers(): Promise<string[]> {
    const managed = treeAt(await this.#objects.get(this.web), 'metadata.managedFields') as Tree[];
    return managed
      .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:template'))
      .map(({ manager, operation }) => `${String(manager)} ${String(operation)}`)
      .sort();
  }

  /** Another evaluation of the policy, as when OptiPod starts: an edit would end what it holds. */
  async anotherPass(): Promise<void> {
    await this.#installation.stopOperator();
    const before = (await this.#objects.status(this.policy)).lastReconciliation ?? '';
    // Of which the status tells in whole seconds.
    await waitFor('the next second', () => (Date.now() >= Date.parse(before) + 1000 ? true : undefined));
    await this.#installation.startOperator();
    await waitFor('another pass', async () => {
      const { lastReconciliation } = await this.#objects.status(this.policy);
      return lastReconciliation === before ? undefined : true;
    });
  }

  /** What the operator wrote to the Deployment's own spec or managed fields, but for annotations. */
  writes(): Request[] {
    return this.#installation
      .requests()
      .filter(
        ({ verb, objectRef, requestURI }) =>
          verb === 'patch' &&
          objectRef?.resource === 'deployments' &&
          objectRef.namespace === this.space &&
          !requestURI.includes('optipod-metadata'),
      );
  }

  /** Those of them that were not made again because the Deployment was another by then: its status is written to as well. */
  decided(): Request[] {
    return this.writes().filter(({ responseStatus }) => !responseStatus?.message?.includes('has been modified'));
  }

  /** Events of the Deployment by reason. */
  async events(reason: string): Promise<string[]> {
    const about = { kind: 'Deployment', name: 'web', namespace: this.space };
    const events = await eventsOf(this.#installation.cluster, about);
    return events.filter((event) => event.reason === reason).map(({ message }) => message);
  }
}
