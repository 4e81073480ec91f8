import { excerpt, type Endpoint } from '../endpoint/endpoint.js';
import { ProviderError } from '../provider.js';
import type { MetricsProvider, ReadRequest, UsageSink } from '../reading.js';
import { AnswerError, checkAnswer, type CustomAnswer } from './answer.js';

export interface CustomOptions {
  readonly endpoint: Endpoint;
  /** How often it is asked. */
  readonly intervalMs: number;
  /** How late it may know of a sample. */
  readonly settleMs: number;
}

/** A page is parsed in one go, for which everything else waits: 8 MiB take some tenths of a second. */
const MOST_BYTES = 8 * 2 ** 20;

/** A server whose pages never end would never be done with. */
const MOST_PAGES = 10_000;

/** Usage from any server that speaks docs/reference/custom-metrics.md. */
export function createCustomProvider({ endpoint, intervalMs, settleMs }: CustomOptions): MetricsProvider {
  const place = endpoint.placeOf({ path: '' });
  const invalid = (problem: string, cause?: unknown) =>
    new ProviderError('ProviderAnswerInvalid', `${place} gave an answer that does not fit the contract: ${problem}`, {
      cause,
    });

  async function askFor(parameters: URLSearchParams, signal: AbortSignal): Promise<CustomAnswer> {
    return endpoint.ask(
      { path: '', parameters, method: 'GET' },
      async (body) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of body) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > MOST_BYTES) throw invalid(`a page has more than ${MOST_BYTES / 2 ** 20} MiB`);
        }
        const text = Buffer.concat(chunks).toString('utf8');
        try {
          return checkAnswer(JSON.parse(text));
        } catch (error) {
          if (error instanceof AnswerError) throw invalid(error.message, error);
          throw invalid(`it is no JSON: ${excerpt(text)}`, error);
        }
      },
      signal,
    );
  }

  return {
    name: 'custom',
    intervalMs,
    looksBack: true,
    settled: (now) => Math.floor((now - settleMs) / 1000),
    async read(request, sink, signal) {
      const parameters = parametersOf(request);
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer = await askFor(parameters, signal);
        handOver(answer, request, sink);
        if (answer.next === undefined) return;
        parameters.set('page', answer.next);
      }
      throw invalid(`it has more than ${MOST_PAGES} pages`);
    },
  };
}

function parametersOf({ from, to, namespaces = [], peaksFrom }: ReadRequest): URLSearchParams {
  const parameters = new URLSearchParams({ from: String(from), to: String(to) });
  for (const namespace of namespaces) parameters.append('namespace', namespace);
  if (peaksFrom !== undefined) parameters.set('peaksFrom', String(peaksFrom));
  return parameters;
}

/** What was not asked for is passed over. */
function handOver({ owners, samples, peaks }: CustomAnswer, request: ReadRequest, sink: UsageSink): void {
  const { from, to, namespaces, peaksFrom } = request;
  const wanted = namespaces && new Set(namespaces);
  const isWanted = (namespace: string) => !wanted || wanted.has(namespace);
  for (const { namespace, pod, kind, name } of owners) {
    if (isWanted(namespace)) sink.owner(namespace, pod, { kind, name });
  }
  for (const { namespace, pod, container, resource, values } of samples) {
    if (!isWanted(namespace)) continue;
    const asked = values.filter(([at]) => at > from && at <= to).sort(([a], [b]) => a - b);
    const list = { instants: asked.map(([at]) => at), values: asked.map(([, value]) => value) };
    sink.samples({ namespace, pod, container, metric: resource }, list);
  }
  for (const { at, bytes, ...of } of peaks) {
    if (peaksFrom !== undefined && at > peaksFrom && at <= to && isWanted(of.namespace)) sink.peak(of, at, bytes);
  }
}
