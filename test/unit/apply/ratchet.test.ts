import { expect } from 'chai';
import fc from 'fast-check';
import { parseQuantity, quantityToNumber } from 'optipod/kube';
import { holdsOfAutoscaler, horizontalAutoscaler } from 'optipod/lib/apply';
import { recommend, type ClusterHold } from 'optipod/lib/recommend';
import { input } from '../recommend/inputs.js';

const CYCLES = 50;
const MAX_REPLICAS = 100;

/** kube-controller-manager's: no scaling for less than a tenth. */
const TOLERANCE = 0.1;

interface Scenario {
  /** Cores that all pods use together, in each cycle. */
  readonly load: readonly number[];
  /** Of a pod at first, in cores. */
  readonly request: number;
  /** The HPA's averageUtilization, as a share. */
  readonly target: number;
}

interface Outcome {
  readonly requests: readonly number[];
  readonly replicas: readonly number[];
}

/** What an HPA makes of it: the algorithm of its documentation, without its windows of time. */
function scaled(replicas: number, usedByPod: number, request: number, target: number): number {
  const ratio = usedByPod / request / target;
  if (Math.abs(ratio - 1) <= TOLERANCE) return replicas;
  return Math.min(MAX_REPLICAS, Math.max(1, Math.ceil(replicas * ratio)));
}

/** An HPA and OptiPod on one Deployment: each cycle the one scales and the other recommends from a day of that. */
function run({ load, request: first, target }: Scenario, holds: readonly ClusterHold[]): Outcome {
  const requests: number[] = [];
  const replicas: number[] = [];
  let [request, pods] = [first, 1];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const used = (load[cycle % load.length] ?? 0) / pods;
    pods = scaled(pods, used, request, target);
    const usedNow = (load[cycle % load.length] ?? 0) / pods;
    const made = recommend(
      input({
        values: [usedNow],
        resources: { requests: { cpu: `${Math.round(request * 1000)}m` } },
        bounds: { cpu: { min: '1m', max: '64' } },
        rest: { holds },
      }),
    );
    const quantity = parseQuantity(made.request ?? '');
    if (!made.hold && quantity) request = quantityToNumber(quantity);
    requests.push(request);
    replicas.push(pods);
  }
  return { requests, replicas };
}

/** Whether there are ever more pods than the load asks for at the request that the HPA was made for. */
function ratchets({ load, request, target }: Scenario, { replicas }: Outcome): boolean {
  const most = Math.ceil((Math.max(...load) / request / target) * (1 + TOLERANCE)) + 1;
  return replicas.some((pods) => pods > Math.max(1, most));
}

const autoscaler = horizontalAutoscaler({
  metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }],
  },
});
const held = autoscaler ? holdsOfAutoscaler(autoscaler, ['web']) : [];

const scenarios = fc.record({
  load: fc.array(fc.double({ min: 0.1, max: 8, noNaN: true }), { minLength: 1, maxLength: CYCLES }),
  request: fc.integer({ min: 100, max: 2000 }).map((millis) => millis / 1000),
  target: fc.integer({ min: 30, max: 80 }).map((percent) => percent / 100),
});

describe('an HPA on utilization and OptiPod on one workload', () => {
  it('B-APP-9 with the resource held, 50 cycles change no request, and pods follow the load alone', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const outcome = run(scenario, held);
        expect(new Set(outcome.requests)).to.deep.equal(new Set([scenario.request]));
        expect(ratchets(scenario, outcome)).to.equal(false);
      }),
    );
  });

  it('B-APP-9 without the hold they drive one another to the last pod: the model does show a ratchet', () => {
    const scenario = { load: [2], request: 1, target: 0.5 };
    const outcome = run(scenario, []);
    expect(ratchets(scenario, outcome)).to.equal(true);
    expect(outcome.replicas.at(-1)).to.equal(MAX_REPLICAS);
    expect(outcome.requests.at(-1)).to.be.below(0.05);
    // With other numbers, too: whatever steady load of some cores, a target well below 1 / 1.2 is never reached.
    const steady = scenarios
      .filter(({ target }) => target < 0.7)
      .map((one) => ({ ...one, load: [2 + (one.load[0] ?? 0)] }));
    fc.assert(
      fc.property(steady, (one) => run(one, []).replicas.at(-1) === MAX_REPLICAS),
      { numRuns: 20 },
    );
  });
});
