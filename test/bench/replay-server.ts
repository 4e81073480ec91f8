/**
 * Speaks as kube-apiserver does, from memory: for load at which the real one would be what is measured. Run as a process of its
 * own (`startReplay`), so that its CPU time is nobody else's.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createAuthority } from '../kit/certificates.js';
import { objectOf, type ReplayKind } from './replay-objects.js';

const KINDS: Readonly<Record<string, ReplayKind>> = {
  '/api/v1/pods': 'Pod',
  '/apis/apps/v1/replicasets': 'ReplicaSet',
};
const watches = new Set<ServerResponse>();
let objects = 5_000;
let version = 1_000_000;
let connections = 0;

function list(kind: ReplayKind, query: URLSearchParams, metadataOnly: boolean): string {
  const start = Number(query.get('continue') ?? 0);
  const end = Math.min(objects, start + Number(query.get('limit') ?? objects));
  const items = Array.from({ length: end - start }, (_, index) => objectOf(kind, start + index, 1_000, metadataOnly));
  const token = end < objects ? `,"continue":"${String(end)}"` : '';
  const meta = `{"resourceVersion":"${String(version)}"${token}}`;
  return `{"kind":"List","apiVersion":"v1","metadata":${meta},"items":[${items.join(',')}]}`;
}

/** @param perSecond as fast as they are taken, where it is 0 */
async function emit(count: number, perSecond: number): Promise<void> {
  const began = performance.now();
  for (let sent = 0; sent < count; sent += 1) {
    version += 1;
    const line = `{"type":"MODIFIED","object":${objectOf('Pod', sent % objects, version, false)}}\n`;
    for (const watch of watches) if (!watch.write(line) && perSecond === 0) await once(watch, 'drain');
    const early = perSecond === 0 ? 0 : began + (sent * 1000) / perSecond - performance.now();
    if (early > 1) await pause(early);
  }
}

const authority = await createAuthority('replay');
const { cert, key } = await authority.issue({ name: 'kube-apiserver', ips: ['127.0.0.1'] });
const server = createServer({ cert, key, keepAliveTimeout: 90_000 }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'https://replay');
  const kind = KINDS[pathname];
  response.setHeader('content-type', 'application/json');
  if (pathname === '/objects') objects = Number(searchParams.get('count'));
  if (pathname === '/emit') void emit(Number(searchParams.get('count')), Number(searchParams.get('rate') ?? 0));
  if (searchParams.get('watch') === 'true') {
    response.writeHead(200).flushHeaders();
    watches.add(response);
    response.once('close', () => watches.delete(response));
  } else if (kind) {
    const metadataOnly = request.headers.accept?.includes('PartialObjectMetadata') ?? false;
    response.end(list(kind, searchParams, metadataOnly));
  } else if (pathname.startsWith('/api/v1/namespaces/')) {
    response.end(objectOf('Pod', 0, 1_000, false));
  } else {
    response.end(JSON.stringify({ connections, watches: watches.size }));
  }
});
server.on('secureConnection', () => (connections += 1));
await once(server.listen(0, '127.0.0.1'), 'listening');
process.send?.({ port: (server.address() as AddressInfo).port, ca: authority.cert });
process.once('disconnect', () => process.exit());
