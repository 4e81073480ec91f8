import { expect } from 'chai';
import { PodKind } from 'optipod/kube';
import { createClient, createController, createLogger } from '../../../operator/runtime/index.js';
import { fakeServer, sendJson, status, until } from './fake-apiserver.js';

describe('log', () => {
  it('is JSON lines with level, time and the fields of its children', () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    log.debug('not shown');
    log.child({ controller: 'mine' }).error({ err: new Error('why') }, 'failed');
    expect(lines).to.have.length(1);
    const line = JSON.parse(lines[0] ?? '') as { time: string; err: { message: string } };
    expect(line).to.deep.include({ level: 'error', controller: 'mine', msg: 'failed' });
    expect(line.err.message).to.equal('why');
    expect(new Date(line.time).toISOString()).to.equal(line.time);
    expect(line).not.to.have.any.keys('pid', 'hostname');
  });

  it('says nothing of what a client proves itself with or sends, however much is logged and whatever fails', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
    const server = await fakeServer(({ url }, response) => {
      if (url.pathname.endsWith('/cut')) response.destroy();
      else sendJson(response, 401, status(401, 'Unauthorized'));
    });
    const config = { ...server.config, authorization: () => Promise.resolve('Bearer hunter2') };
    const client = createClient(config, { log, retry: { withinMs: 1 } });
    const controller = createController({
      name: 'mine',
      log,
      async reconcile(name) {
        const body = { data: { password: 'hunter3' } };
        await client.patch(PodKind, { namespace: 'ns', name }, body, { type: 'merge' });
      },
    });
    const stop = new AbortController();
    controller.enqueue('refused');
    controller.enqueue('cut');
    const running = controller.run(stop.signal);
    await until(() => lines.filter((line) => line.includes('reconciliation failed')).length > 2);
    stop.abort();
    await running;
    await client.close();
    await server.close();
    expect(lines.join(''))
      .to.contain('Unauthorized')
      .and.not.to.match(/hunter/);
  });
});
