import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PrometheusQuery } from '../support/prometheus.js';
import { median } from './measure.js';
import { rangeRequest } from './range-request.js';

const ROUNDS = 3;

const run = promisify(execFile);

/** Has curl fetch answers and throw them away, two at a time as the operator does. @returns the median, in milliseconds */
export async function curlAgain(prometheus: string, queries: readonly PrometheusQuery[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'curl-'));
  try {
    const config = join(folder, 'config');
    const requests = queries.map((query) => rangeRequest(prometheus, query));
    const lines = requests.map(({ url, form }) => `url = "${url}"\ndata = "${form}"\noutput = "/dev/null"`);
    writeFileSync(config, lines.join('\nnext\n'));
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
