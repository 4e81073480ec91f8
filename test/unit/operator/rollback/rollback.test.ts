import { expect } from 'chai';
import fc from 'fast-check';
import { writeAnnotations } from 'optipod/lib/api';
import { backTo, type PodHealth } from 'optipod/lib/apply';
import { formatInstant, suspensionAt } from 'optipod/lib/recommend';
import { createRollback } from '../../../../operator/applying/rollback/rollback.js';
import type { SeenPod } from '../../../../operator/usage/pods.js';
import type { Told } from '../../../../operator/workloads/recommendation.js';
import type { Workload } from '../../../../operator/workloads/workload.js';
import { rolledOut } from '../../../support/rolled-out.js';

const START = Date.parse('2026-01-02T12:00:00Z') / 1000;
const MINUTE = 60;
const HOLDOFF = 6 * 3600;

const requests = (cpu: string) => ({ requests: { cpu } });

/** The Deployment shop/web, its one pod, and what is remembered of it. */
class Shop {
  now = START;
  readonly events: string[] = [];
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
    this.#applying = suspension ? judged : this.#rollback.remember(this.workload, judged, annotations, this.now);
  }

  /** The pod is replaced: the new one has what the annotations say. */
  replacePod(): void {
    this.#pod = this.#born(requests(this.said ?? '500m'));
  }

  killPod(): void {
    this.#suffers({ troubles: [{ container: 'app', what: 'OOMKilled', at: this.now }] });
  }

  cpuOfPod(): unknown {
    return this.#pod.spec.containers[0]?.resources?.requests?.cpu;
  }

  #suffers(health: PodHealth): void {
    this.#pod = { ...this.#pod, health };
  }

  #born(resources: object): SeenPod {
    return {
      metadata: { name: 'web-1', uid: 'u', resourceVersion: '1', creationTimestamp: formatInstant(this.now) },
      spec: { containers: [{ name: 'app', resources }] },
      status: { containerStatuses: [], initContainerStatuses: [] },
      isReady: true,
      health: { troubles: [] },
    };
  }
}

describe('rolling back', () => {
  it('B-APP-11 without anything before, a workload goes back to its own resources, and tries again after the hold-off', () => {
    const shop = new Shop();
    shop.pass('200m');
    shop.replacePod();
    shop.now += 2 * MINUTE;
    shop.killPod();
    shop.pass('200m');
    expect(shop.said).to.equal(undefined);
    expect(shop.events).to.have.length(1);
    expect(shop.events[0]).to.match(
      /^Regressed: container app was killed .* since 2026-01-02T12:00:00Z; .* until 2026-01-02T18:02:00Z$/,
    );
    shop.replacePod();
    for (let hour = 0; hour < 5; hour++) {
      shop.now += 3600;
      shop.pass('210m');
      expect(shop.said).to.equal(undefined);
    }
    shop.now += 3600;
    shop.pass('210m');
    expect(shop.said).to.equal('210m');
    expect(shop.events).to.have.length(1);
  });

  it('B-APP-11 goes back to what was applied before, not to what no pod ever had', () => {
    const shop = new Shop();
    shop.pass('300m');
    shop.replacePod();
    shop.now += 3600;
    shop.pass('300m');
    shop.pass('250m');
    shop.now += MINUTE;
    shop.pass('200m');
    shop.replacePod();
    shop.now += MINUTE;
    shop.killPod();
    shop.pass('200m');
    expect(shop.said).to.equal('300m');
    expect(shop.isSuspended).to.equal(true);
  });

  it('B-APP-11 what did well for as long as it is watched is not blamed later', () => {
    const shop = new Shop();
    shop.pass('200m');
    shop.replacePod();
    shop.now += 31 * MINUTE;
    shop.pass('200m');
    expect(shop.applying?.change?.proven).to.equal(true);
    shop.replacePod();
    shop.now += MINUTE;
    shop.killPod();
    shop.pass('200m');
    expect(shop.said).to.equal('200m');
    expect(shop.events).to.deep.equal([]);
  });

  it('B-APP-11 an edit of the template is not fought: it ends the suspension, and what follows is not blamed', () => {
    const shop = new Shop();
    shop.pass('200m');
    shop.replacePod();
    shop.killPod();
    shop.pass('200m');
    expect(shop.isSuspended).to.equal(true);
    shop.workload = { ...shop.workload, content: 'b' };
    expect(shop.isSuspended).to.equal(false);
    shop.pass('200m');
    expect(shop.said).to.equal('200m');
  });

  it('B-APP-11 never goes back without a change, always does what it decided, and always tries again', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('pass' as const), cpu: fc.constantFrom('200m', '250m', '300m') }),
      fc.record({ do: fc.constantFrom('replace' as const, 'kill' as const) }),
      fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 5, 20, 120, 360) }),
    );
    let regressions = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const shop = new Shop();
        for (const one of steps) {
          if (one.do === 'wait') shop.now += one.minutes * MINUTE;
          if (one.do === 'replace') shop.replacePod();
          if (one.do === 'kill') shop.killPod();
          if (one.do !== 'pass') continue;
          const [before, said, cpu] = [shop.events.length, shop.said, shop.cpuOfPod()];
          const wasSuspended = shop.isSuspended;
          shop.pass(one.cpu);
          if (shop.events.length > before) {
            regressions += 1;
            // The pod that was hurt had what was said, and that is said no more.
            expect(wasSuspended).to.equal(false);
            expect(cpu).to.equal(said);
            expect(shop.said).not.to.equal(said);
          } else if (shop.isSuspended) expect(shop.said).to.equal(said);
          else expect(shop.said).to.equal(one.cpu);
        }
        shop.now += HOLDOFF;
        shop.replacePod();
        shop.pass('275m');
        expect(shop.said).to.equal('275m');
      }),
      { numRuns: 500 },
    );
    expect(regressions).to.be.above(20);
  });
});
