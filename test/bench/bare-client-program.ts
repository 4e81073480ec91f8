/** Has a BareTask done, which it is sent once, and tells what that cost. A process of its own: `bareCost`. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { loadClusterConfig } from '../../operator/runtime/index.js';
import { splitLines } from '../../operator/runtime/watch-stream.js';
import type { BareCost, BareTask, BareWrite } from './bare-client.js';
import { inParallel } from './in-parallel.js';
import type { RangeRequest } from './range-request.js';

/** As many requests of each server at a time as the operator has. */
const READS_AT_ONCE = 2;
const WRITES_AT_ONCE = 4;

/** When nothing was told for so long, there are no more echoes of what was written; waiting costs no CPU time. */
const QUIET_MS = 2_000;

const [{ kubeconfig, reads, watched, writes }] = (await once(process, 'message')) as [BareTask];
const config = await loadClusterConfig({ kubeconfig });
const { server, tls } = config;
const header = await config.authorization();
const headers = { accept: 'application/json', ...(header === undefined ? {} : { authorization: header }) };
const apiserver = new Agent({ connect: tls });
let events = 0;

async function json(path: string): Promise<{ readonly metadata: { readonly resourceVersion: string } }> {
  const { body } = await request(`${server}${path}`, { dispatcher: apiserver, headers });
  return (await body.json()) as { readonly metadata: { readonly resourceVersion: string } };
}

async function follow(path: string): Promise<void> {
  const { resourceVersion } = (await json(`${path}?limit=1`)).metadata;
  const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
  const { body } = await request(`${server}${path}?${query}`, { dispatcher: apiserver, headers, bodyTimeout: 0 });
  void (async () => {
    for await (const line of splitLines(body)) {
      JSON.parse(line.toString('utf8'));
      events += 1;
    }
  })();
}

async function quiet(): Promise<void> {
  for (let seen = -1; seen !== events;) {
    seen = events;
    await pause(QUIET_MS);
  }
}

async function read({ url, form }: RangeRequest): Promise<void> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const { statusCode, body } = await request(url, { method: 'POST', headers: type, body: form });
  if (statusCode !== 200) throw new Error(`${String(statusCode)} ${await body.text()}`);
  await body.dump({ limit: Number.MAX_SAFE_INTEGER });
}

async function write({ method, type, path, body: content }: BareWrite): Promise<void> {
  const how = { dispatcher: apiserver, method, headers: { ...headers, 'content-type': type }, body: content };
  const { statusCode, body } = await request(`${server}${path}`, how);
  const text = await body.text();
  if (statusCode >= 400) throw new Error(`${String(statusCode)} ${text}`);
  JSON.parse(text);
}

for (const path of watched) await follow(path);
await quiet();
const told = events;
const before = process.cpuUsage();
await inParallel(reads, read, READS_AT_ONCE);
for (const list of writes) await inParallel(list, write, WRITES_AT_ONCE);
await quiet();
const { user, system } = process.cpuUsage(before);
const requests = reads.length + writes.flat().length;
const cost: BareCost = { cpuMs: (user + system) / 1000, requests, events: events - told };
process.send?.(cost);
await once(process, 'disconnect');
