import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PrometheusQuery } from '../support/prometheus.js';
import { median } from './measure.js';

const ROUNDS = 3;

const run = promisify(execFile);

/** Has curl fetch answers and throw them away, two at a time as the operator does. @returns the median, in milliseconds */
export async function curlAgain(url: string, queries: readonly PrometheusQuery[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'curl-'));
  try {
    const config = join(folder, 'config');
    const requests = queries.map(({ query, start, end, step }) => {
      const data = new URLSearchParams({ query, start, end, step: String(step) });
      return [`url = "${url}/api/v1/query_range"`, `data = "${data.toString()}"`, 'output = "/dev/null"'].join('\n');
    });
    writeFileSync(config, requests.join('\nnext\n'));
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = performance.now();
      await run('curl', ['--silent', '--fail', '--parallel', '--parallel-max', '2', '--config', config]);
      times.push(performance.now() - before);
    }
    return median(times);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
