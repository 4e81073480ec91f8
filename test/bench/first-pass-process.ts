/** One first pass and a later one, in a process that does nothing else: `first-pass-process URL TO`. Tells about itself on stdout. */
import { createEndpoint } from '../../operator/metrics/endpoint/endpoint.js';
import { createPrometheusProvider } from '../../operator/metrics/prometheus/prometheus.js';
import type { UsageSink } from '../../operator/metrics/reading.js';
import type { PassReport } from './first-pass.js';
import { METRIC_NAMES } from '../support/metric-names.js';

const [, , url = '', end = ''] = process.argv;
const to = Number(end);
const DAY = 86_400;

const endpoint = createEndpoint({ title: 'Prometheus', url, timeoutMs: 60_000 });
const queries: string[] = [];
const provider = createPrometheusProvider({
  endpoint: {
    ...endpoint,
    ask(question, read, signal) {
      queries.push(question.parameters.toString());
      return endpoint.ask(question, read, signal);
    },
  },
  names: METRIC_NAMES,
  rateWindowMs: 300_000,
  stepMs: 60_000,
  settleMs: 60_000,
});

let samples = 0;
const nobody = () => undefined;
const sink: UsageSink = { series: () => () => void (samples += 1), owner: nobody, peak: nobody };
const { signal } = new AbortController();
const began = performance.now();
const cpu = process.cpuUsage();
await provider.read({ from: to - DAY, to, peaksFrom: to - 14 * DAY }, sink, signal);
const { user, system } = process.cpuUsage(cpu);
const wallMs = performance.now() - began;
const first = [...queries];
const counted = samples;
let laterQueries = 0;
for (let ago = 0; ago < 5; ago += 1) {
  const before = queries.length;
  await provider.read({ from: to - (ago + 1) * 60, to: to - ago * 60 }, sink, signal);
  laterQueries = Math.max(laterQueries, queries.length - before);
}
const report: PassReport = {
  samples: counted,
  queries: first,
  laterQueries,
  wallMs,
  cpuMs: (user + system) / 1000,
  rssMiB: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(report));
await endpoint.close();
