import { expect } from 'chai';
import { Namespace, PodKind, defineAdmission, defineOperator } from 'optipod/kube';
import { Registry } from 'prom-client';
import {
  TerminalError,
  createClient,
  createController,
  createDeclaredOperator,
  createInformer,
  createManager,
  createMetrics,
  instantGauge,
  measureProcess,
  silentLogger,
} from '../../../operator/runtime/index.js';
import { createDeclaredWebhook } from '../../../webhook/server/index.js';
import { waitFor } from '../../kit/index.js';
import { type Handler, fakeServer, sendJson, status, until } from './fake-apiserver.js';
import { LeaseWorld } from './lease-world.js';

/** As client-go's restclient, leaderelection and workqueue, and controller-runtime, register them. */
const ESTABLISHED = [
  'rest_client_requests_total',
  'rest_client_request_duration_seconds',
  'rest_client_request_retries_total',
  'workqueue_depth',
  'workqueue_adds_total',
  'workqueue_queue_duration_seconds',
  'workqueue_work_duration_seconds',
  'workqueue_unfinished_work_seconds',
  'workqueue_longest_running_processor_seconds',
  'workqueue_retries_total',
  'controller_runtime_reconcile_total',
  'controller_runtime_reconcile_errors_total',
  'controller_runtime_terminal_reconcile_errors_total',
  'controller_runtime_reconcile_timeouts_total',
  'controller_runtime_reconcile_time_seconds',
  'controller_runtime_max_concurrent_reconciles',
  'controller_runtime_active_workers',
  'leader_election_master_status',
  'leader_election_slowpath_total',
];

describe('metrics', () => {
  it('B-OBS-3 keep the established names, each with help, and are all really set', async function () {
    this.timeout(20_000);
    const world = new LeaseWorld();
    const metrics = createMetrics();
    const answers: Handler[] = [(_, response) => sendJson(response, 503, status(503, 'ServiceUnavailable'))];
    const server = await fakeServer((request, response) => {
      const handler = answers.shift();
      if (handler) return handler(request, response);
      if (request.url.searchParams.get('watch') === 'true') response.writeHead(200).flushHeaders();
      else sendJson(response, 200, { metadata: { name: 'a', resourceVersion: '1' }, items: [] });
    });
    const client = createClient(server.config, { metrics, retry: { withinMs: 1 } });
    const stop = new AbortController();
    const leaderElection = world.candidate('one', { metrics });
    const manager = createManager({ log: silentLogger, metrics, client, leaderElection });
    let finish: () => void = () => undefined;
    const controller = createController({
      name: 'mine',
      concurrency: 2,
      // So long that only those that never end take longer, however busy the machine is.
      timeoutMs: 500,
      async reconcile(key, { signal }) {
        if (key === 'terminal') throw new TerminalError('no');
        if (key === 'failing') throw new Error('not yet');
        if (key === 'slow') await until(() => signal.aborted);
        if (key === 'long') await new Promise<void>((resolve) => (finish = resolve));
        await client.get(Namespace, { name: 'a' });
      },
    });
    manager.add(createInformer(client, PodKind), controller);
    for (const key of ['terminal', 'failing', 'slow', 'long']) controller.enqueue(key);
    const running = manager.run(stop.signal);
    try {
      await until(() => server.requests.length > 1);
      while (!leaderElection.isLeader) await world.advance(10);
      // Somebody touches the lease: the slow path.
      world.write(world.lease?.spec);
      await world.advance(600);
      const timeouts = 'controller_runtime_reconcile_timeouts_total{controller="mine"} 2';
      const text = await waitFor('what takes too long to be counted', async () => {
        const said = await metrics.registry.metrics();
        return said.includes(timeouts) ? said : undefined;
      });
      for (const name of ESTABLISHED) {
        expect(text).to.match(new RegExp(`^# HELP ${name} \\S`, 'm'));
        expect(text, name).to.match(new RegExp(`^${name}(_count)?(\\{[^}]*\\})? `, 'm'));
      }
      expect(text).to.contain('rest_client_request_retries_total{code="503",verb="GET"');
      const longest = /^workqueue_longest_running_processor_seconds\{name="mine"\} (\S+)/m.exec(text)?.[1];
      expect(Number(longest), 'seconds').to.be.within(0.5, 20);
      expect(text).to.contain('leader_election_slowpath_total{name="lock"} 1');
    } finally {
      finish();
      stop.abort();
      for (let turn = 0; turn < 20; turn += 1) await world.advance(500);
      await running;
      await server.close();
    }
  });

  it('tell of the process, where it is asked for', async () => {
    const metrics = createMetrics();
    measureProcess(metrics);
    const text = await metrics.registry.metrics();
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds'])
      expect(text).to.contain(`\n${name} `);
  });

  it('B-WEB-6 say nothing of when a certificate ends as long as nobody knows: 0 would be an instant long past', async () => {
    const registry = new Registry();
    const ends = instantGauge(registry, 'certificate_expiry_timestamp_seconds', 'When it ends.');
    expect(await registry.metrics()).not.to.match(/^certificate_expiry/m);
    ends(new Date('2026-11-24T22:00:00.500Z'));
    expect(await registry.metrics()).to.match(/^certificate_expiry_timestamp_seconds 1795557600.5$/m);
  });

  it('B-WEB-6 of a replica that stands by or waits for its certificate alert nobody', async () => {
    const review = defineAdmission(Namespace, {
      ...{ name: 'rooms.example.com', type: 'validating', path: '/rooms', operations: ['CREATE'] },
      ...{ failurePolicy: 'Ignore', timeoutSeconds: 5, uses: {}, review: () => ({ allowed: true }) },
    });
    const definition = defineOperator({ name: 'rooms', admission: [review] });
    const client = createClient({ server: 'https://nowhere', namespace: 'rooms', tls: {}, authorization: nobody });
    const log = silentLogger;
    const operator = createDeclaredOperator(definition, { client, log });
    const webhook = createDeclaredWebhook(definition, { client, log, server: { port: 0 } });
    for (const { metrics } of [operator, webhook.manager]) {
      const text = await metrics.registry.metrics();
      expect(text).to.match(/# TYPE rooms_webhook_\w*certificate_expiry_timestamp_seconds gauge/);
      expect(text).not.to.match(/^rooms_webhook_\w*certificate_expiry_timestamp_seconds \d/m);
    }
    await client.close();
  });
});

const nobody = () => Promise.resolve(undefined);
