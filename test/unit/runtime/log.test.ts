import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
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

  it('that are gathered are written a little later, and all of them at the end', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'gathered-log.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let written = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
    const lines = () => written.split('\n').filter((line) => line !== '');
    // It logs two lines and waits for the end of its input, then logs two more and ends.
    await until(() => lines().length === 2);
    child.stdin.end();
    await once(child, 'close');
    expect(lines().map((line) => (JSON.parse(line) as { msg: string }).msg)).to.deep.equal(['1', '2', '3', '4']);
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
