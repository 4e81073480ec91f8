import { writeAnnotations } from 'optipod/lib/api';
import { backTo, type PodHealth } from 'optipod/lib/apply';
import { formatInstant, suspensionAt } from 'optipod/lib/recommend';
import { createRollback } from '../../../../operator/applying/rollback/rollback.js';
import type { SeenPod } from '../../../../operator/usage/pods.js';
import type { Told } from '../../../../operator/workloads/recommendation.js';
import type { Workload } from '../../../../operator/workloads/workload.js';
import { rolledOut } from '../../../support/rolled-out.js';

/** Seconds since 1970. */
export const START = Date.parse('2026-01-02T12:00:00Z') / 1000;
export const MINUTE = 60;
export const HOLDOFF = 6 * 3600;

const requests = (cpu: string) => ({ requests: { cpu } });

/** The Deployment shop/web, its one pod, and what is remembered of it. */
export class Shop {
  now = START;
  readonly events: string[] = [];
  /** After how many milliseconds it is to be looked at again, as far as was asked for. */
  readonly looksAgain: number[] = [];
  workload: Workload = {
    kind: 'Deployment',
    metadata: { namespace: 'shop', name: 'web', uid: 'uid', resourceVersion: '1', creationTimestamp: '' },
    pod: { containers: [{ name: 'app', resources: requests('500m') }] },
    replicas: 1,
    content: 'a',
    managers: [],
    rollout: rolledOut(1),
  };
  /** CPU that the annotations say; undefined where they say nothing. */
  said: string | undefined;
  #pod = this.#born(requests('500m'));
  #applying: NonNullable<Told['status']>['applying'];
  readonly #rollback = createRollback({
    podsOf: () => [this.#pod],
    event: (_, { reason, message }) => void this.events.push(`${reason}: ${message}`),
    lookAgain: (_, afterMs) => this.looksAgain.push(afterMs),
    settings: { regressionWindow: 30 * MINUTE * 1000, regressionHoldoff: HOLDOFF * 1000 },
  });

  get applying() {
    return this.#applying;
  }

  get isSuspended(): boolean {
    return suspensionAt(this.#applying, this.workload, this.now) !== undefined;
  }

  /** As a pass does it. @param recommended CPU */
  pass(recommended: string): void {
    const told: Told = {
      metadata: { name: 'deployment-web', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
      spec: { workload: { kind: 'Deployment', name: 'web', uid: 'uid' }, policy: { namespace: '', name: '', uid: '' } },
      status: this.#applying ? { applying: this.#applying } : {},
    };
    const judged = this.#rollback.judge(this.workload, told, this.now);
    const suspension = suspensionAt(judged, this.workload, this.now);
    const back = backTo(judged, suspension);
    if (back) this.said = back.get('app')?.requests?.cpu as string | undefined;
    else if (!suspension) this.said = recommended;
    const annotations = writeAnnotations({
      policy: { namespace: 'shop', name: 'web', uid: 'p' },
      lastRecommendation: formatInstant(this.now),
      strategy: 'webhook',
      containers: new Map(this.said === undefined ? [] : [['app', requests(this.said)]]),
    });
    this.#applying = suspension ? judged : this.#rollback.watch(this.workload, this.now).injecting(judged, annotations);
  }

  /** The pod is replaced: the new one has what the annotations say. */
  replacePod(): void {
    this.#pod = this.#born(requests(this.said ?? '500m'));
  }

  crashPod(): void {
    this.#suffers({ troubles: [{ container: 'app', what: 'CrashLoopBackOff', at: this.now }] });
  }

  /** From now on. */
  losesReadiness(): void {
    this.#suffers({ unreadySince: this.now, troubles: [] });
  }

  isReadyAgain(): void {
    this.#suffers({ troubles: [] });
  }

  /** Its progress deadline is exceeded. */
  rolloutFails(): void {
    this.workload = { ...this.workload, rollout: { ...this.workload.rollout, failed: true } };
  }

  get pod(): SeenPod {
    return this.#pod;
  }

  cpuOfPod(): unknown {
    return this.#pod.spec.containers[0]?.resources?.requests?.cpu;
  }

  #suffers(health: PodHealth): void {
    const isReady = health.unreadySince === undefined;
    this.#pod = { ...this.#pod, isReady, health };
    this.workload = { ...this.workload, rollout: { ...rolledOut(1), available: isReady ? 1 : 0 } };
  }

  #born(resources: object): SeenPod {
    return {
      metadata: {
        namespace: 'shop',
        name: 'web-abc-1',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: formatInstant(this.now),
        labels: { 'pod-template-hash': 'abc' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-abc', uid: 'rs', controller: true }],
      },
      spec: { containers: [{ name: 'app', resources }] },
      status: { containerStatuses: [], initContainerStatuses: [] },
      isReady: true,
      health: { troubles: [] },
    };
  }
}
