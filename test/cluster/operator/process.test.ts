import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { waitFor } from '../../kit/index.js';
import { freePort, giveBack } from '../../kit/ports.js';
import { startOptipod } from '../../support/optipod-process.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy } from './objects.js';

describe("the operator's process", function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;

  before(() => installation().stopOperator());

  const start = (env: Readonly<Record<string, string>>, flags: readonly string[] = []) =>
    startOptipod('operator', { KUBECONFIG: installation().kubeconfig, ...installation().settings, ...env }, flags);

  /** The path of a settings file. */
  function file(content: string): string {
    const path = join(installation().cluster.folder, 'settings.yaml');
    writeFileSync(path, content);
    return path;
  }

  it('B-OPR-4 refuses a wrong setting at start, in one line that names it', async () => {
    const wrong = await Promise.all([
      start({ OPTIPOD_MIN_SAMPLES: 'many' }),
      start({ OPTIPOD_PROMETHEUS_URL: 'prometheus:9090' }),
      start({}, ['--prometheus-step', '1 minute']),
      start({}, ['--dry']),
      start({ OPTIPOD_CONFIG: file('minSamples: 10\nlogLevel: loud\n') }),
    ]);
    const said = await Promise.all(
      wrong.map(async ({ exit, stdout, stderr }) => [await exit, await stdout, await stderr] as const),
    );
    expect(said.map(([code, stdout]) => [code, stdout])).to.deep.equal(wrong.map(() => [1, '']));
    for (const [index, name] of [
      'OPTIPOD_MIN_SAMPLES',
      'OPTIPOD_PROMETHEUS_URL',
      '--prometheus-step',
      '--dry',
      'logLevel in \\S+ is "loud"',
    ].entries())
      expect(said[index]?.[2]).to.match(new RegExp(`^[^\\n]*${name}[^\\n]*\\n$`));
  });

  it('B-OPR-2 B-OPR-6 serves its health and its metrics, and ends in order on SIGTERM', async () => {
    await objects().create(namespace('process'), deployment('process', 'web'), policy('process', 'process'));
    const port = await freePort('127.0.0.1');
    const config = file(`healthPort: ${port}\n`);
    const { child, stdout, stderr, exit } = await start({}, ['--config', config]);
    try {
      const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
      await waitFor('readiness', async () => ((await get('/readyz')).status === 200 ? true : undefined));
      expect(await (await get('/healthz')).text()).to.equal('ok\n');
      await objects().settled('OptimizationPolicy/process/process');
      const metrics = await get('/metrics');
      expect(metrics.headers.get('content-type')).to.contain('text/plain');
      const lines = await metrics.text();
      for (const name of [
        'controller_runtime_reconcile_total{controller="optimizationpolicy",result="requeue_after"}',
        'workqueue_depth{name="workload"}',
        'rest_client_requests_total{code="200"',
        'optipod_webhook_certificate_expiry_timestamp_seconds',
        'leader_election_master_status{name="optipod"} 1',
      ])
        expect(lines).to.contain(name);
      expect((await get('/debug')).status).to.equal(404);
      // One evaluation is under way, and is finished.
      installation().front.behave(() => ({ afterMs: 1000 }));
      const before = installation().front.requests;
      await objects().patch('OptimizationPolicy/process/process', { spec: { weight: 7 } });
      await waitFor('the queries', () => (installation().front.requests > before ? true : undefined), { everyMs: 10 });
      const asked = Date.now();
      child.kill('SIGTERM');
      expect(await exit).to.equal(0);
      expect(Date.now() - asked).to.be.lessThan(10_000);
      const lease = await objects().api.get('/apis/coordination.k8s.io/v1/namespaces/optipod-system/leases/optipod');
      expect(lease.spec).to.include({ leaseDurationSeconds: 1 }).and.not.to.have.property('holderIdentity');
      await objects().settled('OptimizationPolicy/process/process');
      expect(await stderr).to.equal('');
      const log = (await stdout)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { level: string; msg: string });
      expect(log.at(-1)).to.include({ level: 'info', msg: 'stopped' });
      expect(log.filter(({ level }) => level === 'error')).to.deep.equal([]);
    } finally {
      installation().front.behave(() => 'forward');
      child.kill('SIGKILL');
      giveBack([port]);
      await installation().startOperator();
    }
  });
});
