import { expect } from 'chai';
import { treeAt } from '../../documents/tree.js';
import { waitFor } from '../../kit/index.js';
import { isWrite } from '../../support/audit.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

describe('what happens while a policy is being evaluated', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const web: Name = 'Deployment/races/web';
  const POLICY: Name = 'OptimizationPolicy/races/races';
  /** Long enough to act in, shorter than the time a query may take. */
  const SLOW_MS = 1200;

  before(async () => {
    await objects().create(namespace('races'));
  });

  beforeEach(async () => {
    installation().front.behave(() => 'forward');
    await objects().create(deployment('races', 'web'), policy('races', 'races', { mode: 'Auto' }));
    await objects().saying(web, 'injected', (said) => said['cpu-request.app'] === '240m');
    await objects().settled(POLICY);
  });

  afterEach(async () => {
    installation().front.behave(() => 'forward');
    await objects()
      .remove(web)
      .catch(() => undefined);
    await objects()
      .remove(POLICY)
      .catch(() => undefined);
  });

  /** A window that was never asked for: the evaluation has to wait until its past is read. */
  let minutes = 10;

  /** Begins an evaluation that would write something else, and acts while it waits for usage. */
  async function during(act: () => Promise<unknown>): Promise<void> {
    const { front } = installation();
    front.behave((query) => (query.includes('races') ? { afterMs: SLOW_MS } : 'forward'));
    const before = front.requests;
    minutes += 1;
    await objects().patch(POLICY, {
      spec: { metricsConfig: { safetyFactor: 2, rollingWindow: `${String(minutes)}m` } },
    });
    await waitFor('the queries', () => (front.requests >= before + 2 ? true : undefined), { everyMs: 10 });
    await act();
    front.behave(() => 'forward');
  }

  /** What the operator wrote to the workload since then. */
  function writes(from: number): string[] {
    return installation()
      .requests()
      .slice(from)
      .filter((request) => isWrite(request) && request.requestURI.includes('/namespaces/races/deployments/'))
      .map(({ responseStatus }) => String(responseStatus?.code));
  }

  it('B-ANN-5 it is disabled: its annotations go, and none of that evaluation are written', async () => {
    const from = installation().requests().length;
    await during(() => objects().patch(POLICY, { spec: { mode: 'Disabled' } }));
    await objects().saying(web, 'bare', (said) => !('managed' in said));
    await objects().condition(POLICY, 'Ready', 'PolicyDisabled');
    expect(writes(from)).to.deep.equal(['200']);
    expect(await objects().said(web)).to.deep.equal({});
  });

  it('it is edited: what counts is what it says now', async () => {
    const from = installation().requests().length;
    await during(() => objects().patch(POLICY, { spec: { metricsConfig: { safetyFactor: 3 } } }));
    await objects().saying(web, 'up to date', (said) => said['cpu-request.app'] === '600m');
    expect(writes(from)).to.have.length(1);
  });

  it('it is deleted: nothing is written any more', async () => {
    const from = installation().requests().length;
    await during(() => objects().remove(POLICY));
    await objects().saying(web, 'bare', (said) => !('managed' in said));
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    expect(writes(from)).to.deep.equal(['200']);
  });

  it('it is deleted and made anew under its name: the new one is evaluated', async () => {
    await during(async () => {
      await objects().remove(POLICY);
      await objects().create(policy('races', 'races', { metricsConfig: { safetyFactor: 4 } }));
    });
    const uid = treeAt(await objects().get(POLICY), 'metadata.uid');
    await objects().saying(web, 'of the new policy', (said) => said['policy-uid'] === uid);
    expect(await objects().said(web)).to.include({ 'recommendation.app.cpu-request': '800m' });
    await objects().condition(POLICY, 'Ready', 'PolicyActive');
  });

  it('a workload is deleted: the evaluation ends well', async () => {
    await during(() => objects().remove(web));
    const status = await objects().settled(POLICY, (now) => now.workloadsDiscovered === 0);
    expect(status.conditions.map(({ type }) => type)).not.to.include('Annotated');
  });

  it('a workload is replaced by a namesake: it gets its own, soon', async () => {
    await during(async () => {
      await objects().remove(web);
      await objects().create(deployment('races', 'web'));
    });
    await objects().saying(web, 'injected', (said) => said['cpu-request.app'] === '400m');
    const { conditions } = await objects().settled(POLICY);
    expect(conditions.map(({ type }) => type)).not.to.include('Annotated');
  });

  it('B-SEL-7 a workload is taken away from OptiPod: it stays so', async () => {
    const from = installation().requests().length;
    await during(() => objects().annotate(web, { 'optipod.io/ignore': 'true' }));
    await objects().saying(web, 'bare', (said) => !('managed' in said));
    await objects().settled(POLICY);
    expect(writes(from)).to.deep.equal(['200']);
  });
});
