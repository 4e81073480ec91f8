import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { startPrometheusWith } from '../support/prometheus.js';
import { median } from './measure.js';

/** What the process of one pass says of itself; `test/bench/first-pass-process.ts`. */
export interface PassReport {
  readonly samples: number;
  /** The bodies of its queries. */
  readonly queries: readonly string[];
  readonly laterQueries: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
}

const PODS = 1000;
const MINUTES = 1440;
const ROUNDS = 3;

const run = promisify(execFile);

/**
 * The first full pass over a day of 1,000 pods in a real Prometheus, against curl, which fetches the same answers and throws
 * them away; both two at a time.
 */
export async function firstPass(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'first-pass-'));
  const to = Math.floor(Date.now() / 60_000) * 60 - 120;
  const prometheus = await startPrometheusWith(history(to));
  try {
    const program = join(folder, 'pass.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'first-pass-process.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
      logLevel: 'error',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const passes: PassReport[] = [];
    const curls: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { stdout } = await run(process.execPath, [program, prometheus.url, String(to)], { maxBuffer: 2 ** 24 });
      const pass = JSON.parse(stdout) as PassReport;
      passes.push(pass);
      curls.push(await curl(folder, prometheus.url, pass.queries));
    }
    const wall = median(passes.map(({ wallMs }) => wallMs));
    const cpu = median(passes.map(({ cpuMs }) => cpuMs));
    const rss = Math.max(...passes.map(({ rssMiB }) => rssMiB));
    return [
      ...passes
        .slice(0, 1)
        .map(
          ({ samples, queries, laterQueries }) =>
            `first pass: ${samples.toLocaleString('en')} samples in ${queries.length} queries (target 24), ` +
            `then ${laterQueries} an interval (target 4)`,
        ),
      `first pass: ${(cpu / 1000).toFixed(1)} s own CPU (target 3), ${rss.toFixed(0)} MiB RSS (target 150), ` +
        `${(wall / 1000).toFixed(1)} s, ${(wall / median(curls)).toFixed(2)} × curl (target 2)`,
    ];
  } finally {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  }
}

/** The same queries again. @returns how long they took, in milliseconds */
async function curl(folder: string, url: string, queries: readonly string[]): Promise<number> {
  const config = join(folder, 'curl');
  const requests = queries.map((query) =>
    [`url = "${url}/api/v1/query_range"`, `data = "${query}"`, 'output = "/dev/null"'].join('\n'),
  );
  writeFileSync(config, requests.join('\nnext\n'));
  const before = performance.now();
  await run('curl', ['--silent', '--fail', '--parallel', '--parallel-max', '2', '--config', config]);
  return performance.now() - before;
}

/** A day of usage at a minute's interval, and whose the pods are. */
function* history(to: number): Generator<string> {
  const from = to - (MINUTES + 10) * 60;
  const instants = Array.from({ length: MINUTES + 11 }, (_, minute) => from + minute * 60);
  const pods = Array.from({ length: PODS }, (_, pod) => {
    const [web, replica] = [`web-${pod >> 1}`, pod & 1 ? 'x2k9z' : 'b5n7m'];
    return { namespace: `team-${pod % 20}`, replicaSet: `${web}-7d4b9c6f5d`, web, pod: `${web}-7d4b9c6f5d-${replica}` };
  });
  /** Spread like random numbers, and the same in every run. */
  const noise = (pod: number, minute: number) => ((minute * 7919 + pod * 104_729) % 9973) / 9973;
  yield '# TYPE container_cpu_usage_seconds counter\n';
  for (const [index, { namespace, pod }] of pods.entries()) {
    const labels = `{namespace="${namespace}",pod="${pod}",container="app"}`;
    let total = 0;
    yield instants
      .map((at, minute) => `container_cpu_usage_seconds_total${labels} ${(total += noise(index, minute) * 60)} ${at}\n`)
      .join('');
  }
  yield '# TYPE container_memory_working_set_bytes gauge\n';
  for (const [index, { namespace, pod }] of pods.entries()) {
    const labels = `{namespace="${namespace}",pod="${pod}",container="app"}`;
    const bytes = (minute: number) => Math.round((1 + noise(index, minute)) * 1e8);
    yield instants.map((at, minute) => `container_memory_working_set_bytes${labels} ${bytes(minute)} ${at}\n`).join('');
  }
  const seldom = instants.filter((_, minute) => minute % 5 === 0);
  yield '# TYPE kube_pod_owner gauge\n';
  for (const { namespace, pod, replicaSet } of pods) {
    const owner = `owner_kind="ReplicaSet",owner_name="${replicaSet}",owner_is_controller="true"`;
    yield seldom.map((at) => `kube_pod_owner{namespace="${namespace}",pod="${pod}",${owner}} 1 ${at}\n`).join('');
  }
  yield '# TYPE kube_replicaset_owner gauge\n';
  for (const { namespace, replicaSet, web } of pods.filter((_, index) => index % 2 === 0)) {
    const owner = `owner_kind="Deployment",owner_name="${web}",owner_is_controller="true"`;
    const labels = `{namespace="${namespace}",replicaset="${replicaSet}",${owner}}`;
    yield seldom.map((at) => `kube_replicaset_owner${labels} 1 ${at}\n`).join('');
  }
  yield '# EOF\n';
}
