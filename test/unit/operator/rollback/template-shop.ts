import { Registry } from 'prom-client';
import { readPolicy } from 'optipod/lib/api';
import { afterRegression, templateBack, type ApplyingState } from 'optipod/lib/apply';
import type { PodSpec, ResourceRequirements } from 'optipod/kube';
import { formatInstant, resourcesOf } from 'optipod/lib/recommend';
import type { ContainerAmounts } from '../../../../imports/types/workload-recommendation.js';
import { createGate } from '../../../../operator/applying/guards/create-gate.js';
import { createRollback } from '../../../../operator/applying/rollback/rollback.js';
import { applyTemplate } from '../../../../operator/applying/template/apply.js';
import { lookAt } from '../../../../operator/applying/template/standing.js';
import type { Cluster, ValidPolicy } from '../../../../operator/cluster.js';
import { operatorSettings } from '../../../../operator/settings.js';
import type { WorkloadWriters } from '../../../../operator/workloads/annotate.js';
import type { Told } from '../../../../operator/workloads/recommendation.js';
import type { Workload } from '../../../../operator/workloads/workload.js';
import { rolledOut } from '../../../support/rolled-out.js';
import { policyOf } from '../../lib/policies.js';
import { TemplateFields, type Speaker } from '../policies/template-fields.js';

const MINUTE = 60_000;
const START = Date.parse('2026-01-02T12:00:00Z');

interface Body {
  readonly spec?: { readonly template: { readonly spec: { readonly containers?: PodSpec['containers'] } } };
}

/** The template of the Deployment shop/web, who owns which of its fields, and passes of a policy that writes to it. */
export class TemplateShop {
  readonly events: string[] = [];
  /** Writes by OptiPod that changed the template. */
  rollouts = 0;
  applying: ApplyingState;
  #now = START;
  readonly #fields: TemplateFields;
  readonly #own: Speaker;
  readonly #policy: ValidPolicy;
  readonly #settings = operatorSettings({ env: {}, argv: [] });
  readonly #gate = createGate({
    settings: this.#settings,
    stop: () => undefined,
    recommendations: { get: () => this.#told(), list: () => [this.#told()] },
    proof: () => Promise.resolve(undefined),
    registry: new Registry(),
    now: () => this.#now,
  });

  /** A change is in the template since some minutes. @param changed what of it was not `before` */
  constructor(given: {
    readonly originals: readonly ContainerAmounts[];
    readonly before?: readonly ContainerAmounts[];
    readonly changed: readonly ContainerAmounts[];
    readonly useServerSideApply?: boolean;
  }) {
    const { originals, before, changed, useServerSideApply = true } = given;
    const containers = Array.from(resourcesOf(changed), ([name, resources]) => ({ name, resources }));
    this.#own = ['optipod', useServerSideApply ? 'Apply' : 'Update'];
    this.#fields = new TemplateFields({ containers: containers.map(({ name }) => ({ name })) });
    this.#fields.write(this.#own, containers);
    const policy = readPolicy(policyOf({ updateStrategy: { strategy: 'ssa', useServerSideApply } }));
    if (!policy.valid) throw new Error('no policy');
    this.#policy = policy.object;
    this.applying = {
      originals: [...originals],
      applied: [...changed],
      ...(before ? { previous: [...before] } : {}),
      change: { at: formatInstant(START / 1000), content: 'same', available: 2, containers: [...changed] },
    };
  }

  get resources(): Readonly<Record<string, ResourceRequirements>> {
    const { containers } = this.#fields.pod;
    return Object.fromEntries(containers.map(({ name, resources }) => [name, { requests: {}, ...resources }]));
  }

  get reason(): string | undefined {
    return this.applying.suspension?.reason;
  }

  /** Its pods were killed for it. */
  regress(): void {
    const baseline = { now: this.#now / 1000, content: 'same', available: 2, failed: false, troubled: [] };
    const regression = { what: 'OOMKilled', message: 'container app was killed' } as const;
    const holdoff = this.#settings.regressionHoldoff / 1000;
    this.applying = afterRegression({ ...this.applying }, regression, baseline, holdoff);
  }

  /** Somebody says something else. */
  edit(by: Speaker, container: string, resources: ResourceRequirements): void {
    this.#fields.write(by, [{ name: container, resources }]);
  }

  /** As often as a policy is due within so many minutes, each time after somebody did something. */
  async passes(minutes: number, before: () => void = () => undefined): Promise<void> {
    for (let past = 0; past < minutes; past += 5) {
      this.#now += 5 * MINUTE;
      before();
      await this.#pass();
    }
  }

  /** What a pass does about the template while nothing is recommended anew. */
  async #pass(): Promise<void> {
    const now = () => this.#now;
    const event = (_: unknown, { reason }: { reason: string }) => void this.events.push(reason);
    const rollback = createRollback({ podsOf: () => [], event, lookAgain: () => undefined, settings: this.#settings });
    const { updateRequestsOnly } = this.#policy.spec.updateStrategy;
    const { workload, way, applying, suspension } = await lookAt(this.#workload(), this.#policy, {
      writers: this.#writers,
      cluster: { workload: () => this.#workload() } as unknown as Cluster,
      reports: { get: () => this.#told() },
      permissions: this.#settings,
      conflictHoldoff: this.#settings.conflictHoldoff,
      rollback,
      event,
      now,
    });
    this.applying = applying;
    if (way === 'unchanged') throw new Error('the policy writes to templates');
    const back = templateBack({ workload, applying, suspension, updateRequestsOnly });
    const request = {
      workload,
      policy: this.#policy,
      by: way,
      applying,
      fresh: back?.wanted ?? new Map(),
      ...(back ? { without: back.without } : {}),
      suspension: back ? undefined : suspension,
      remember: (state: ApplyingState) => {
        this.applying = state;
        return Promise.resolve();
      },
    };
    const done = await applyTemplate(request, { writers: this.#writers, gate: this.#gate, event, now });
    this.applying = done.applying;
  }

  get #writers(): WorkloadWriters {
    const write = (body: unknown) => {
      const before = JSON.stringify(this.resources);
      this.#fields.write(this.#own, (body as Body).spec?.template.spec.containers ?? []);
      if (JSON.stringify(this.resources) !== before) this.rollouts += 1;
      return Promise.resolve({ metadata: this.#workload().metadata });
    };
    const writer = { apply: write, patch: (_: unknown, body: unknown) => write(body) };
    return { Deployment: writer, StatefulSet: writer, DaemonSet: writer };
  }

  #workload(): Workload {
    return {
      kind: 'Deployment',
      metadata: { namespace: 'shop', name: 'web', uid: 'uid', resourceVersion: '1', creationTimestamp: '' },
      pod: this.#fields.pod,
      replicas: 2,
      content: 'same',
      managers: this.#fields.managers,
      rollout: rolledOut(2),
    };
  }

  #told(): Told {
    return {
      metadata: { name: 'deployment-web', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
      spec: { workload: { kind: 'Deployment', name: 'web', uid: 'uid' }, policy: { namespace: '', name: '', uid: '' } },
      status: { applying: this.applying },
    };
  }
}
