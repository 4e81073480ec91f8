import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { command } from '../kit/command.js';
import { ensurePackages, findProgram } from '../kit/debian.js';
import { waitFor } from '../kit/index.js';
import { freePort, giveBack } from '../kit/ports.js';
import { startComponent } from '../kit/process.js';
import { isOk, type Credentials } from '../kit/request.js';
import { openMetrics, type ContainerUsage } from './usage-history.js';

/** A Prometheus with a past. */
export interface Prometheus {
  readonly url: string;
  /** What it was asked so far: the parameters of each query, in the order of the answers. */
  queries(): readonly PrometheusQuery[];
  stop(): Promise<void>;
}

/** A query over a range: times in RFC 3339, the step in seconds. */
export interface PrometheusQuery {
  /** When it was answered: milliseconds since 1970. */
  readonly at: number;
  readonly query: string;
  readonly start: string;
  readonly end: string;
  readonly step: number;
}

const HOST = '127.0.0.1';

/** A real Prometheus on loopback that scrapes nothing and remembers what containers used; it ends with this process. */
export async function startPrometheus(usage: readonly ContainerUsage[], now = Date.now()): Promise<Prometheus> {
  return startPrometheusWith([openMetrics(usage, Math.floor(now / 1000))]);
}

/** How a Prometheus is served. */
export interface Serving {
  /** Of its URL, `/prefix`. */
  readonly prefix?: string;
  /** What `--web.config.file` holds: passwords, TLS, client certificates. */
  readonly webConfig?: object;
  /** By whom it is asked whether it is ready: an authority is there when it serves TLS. */
  readonly probe?: Credentials & { readonly userinfo?: string };
  /** Of its command line, besides. */
  readonly flags?: readonly string[];
}

/** One with any past. @param history OpenMetrics text in pieces, of which there may be more than fits a string */
export async function startPrometheusWith(history: Iterable<string>, serving: Serving = {}): Promise<Prometheus> {
  const { prefix = '', webConfig, probe, flags = [] } = serving;
  const [prometheus, promtool] = await programs();
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'history');
  const data = join(folder, 'data');
  const config = join(folder, 'prometheus.yaml');
  const written = openSync(file, 'w');
  for (const piece of history) writeSync(written, piece);
  closeSync(written);
  const queryLog = join(folder, 'queries');
  writeFileSync(config, `global: { query_log_file: ${queryLog} }\n`);
  // A block is a pass over the file.
  await command(promtool, ['tsdb', 'create-blocks-from', '--max-block-duration=24h', 'openmetrics', file, data]);
  rmSync(file);
  const port = await freePort(HOST);
  const url = `${probe ? 'https' : 'http'}://${HOST}:${port}${prefix}`;
  const web = join(folder, 'web.yaml');
  if (webConfig) writeFileSync(web, stringify(webConfig));
  const component = startComponent({
    name: 'prometheus',
    argv: [
      prometheus,
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=${HOST}:${port}`,
      ...(webConfig ? [`--web.config.file=${web}`] : []),
      ...(prefix === '' ? [] : [`--web.external-url=${url}`]),
      '--log.level=warn',
      ...flags,
    ],
    logFolder: folder,
  });
  const ready = `${probe?.userinfo === undefined ? url : url.replace('//', `//${probe.userinfo}@`)}/-/ready`;
  await waitFor('Prometheus', () => (component.assertRunning(), isOk(ready, probe)), { everyMs: 50 });
  return {
    url,
    queries: () =>
      readFileSync(queryLog, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const { params, ts } = JSON.parse(line) as {
            readonly params: Omit<PrometheusQuery, 'at'>;
            readonly ts: string;
          };
          return { ...params, at: Date.parse(ts) };
        }),
    async stop() {
      await component.stop(1000);
      giveBack([port]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @throws CannotRun naming the package, where it is not there and cannot be installed. */
async function programs(): Promise<[string, string]> {
  const find = () => [findProgram('prometheus'), findProgram('promtool')] as const;
  const [prometheus, promtool] = find();
  if (prometheus !== undefined && promtool !== undefined) return [prometheus, promtool];
  await ensurePackages('node', { install: !process.env.OPTIPOD_KIT_NO_INSTALL, progress: () => undefined });
  const [installed, tool] = find();
  if (installed === undefined || tool === undefined) throw new Error('the package prometheus has no promtool');
  return [installed, tool];
}
