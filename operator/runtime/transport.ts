import { setTimeout as pause } from 'node:timers/promises';
import { Agent, type Dispatcher, request as send } from 'undici';
import type { Status } from 'optipod/kube';
import type { ClusterConfig } from './config.js';
import { ApiError, ConnectionError, messageOf } from './errors.js';
import type { RuntimeMetrics } from './metrics.js';

/** One HTTP request to kube-apiserver. */
export interface TransportRequest {
  /** What errors call it: `get Deployment default/web`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, with the query. */
  readonly path: string;
  readonly accept?: string | undefined;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, retries included; of a stream, until it begins. @default 30 000 */
  readonly timeoutMs?: number | undefined;
}

export interface RetryOptions {
  /** Tries of one call, the first included. @default 5 */
  readonly attempts?: number;
  /** The first retry comes within this time; later ones within twice the time of the one before. @default 200 */
  readonly withinMs?: number;
}

/** HTTP to one kube-apiserver over kept-alive connections. */
export interface Transport {
  /** @returns the answer's JSON. @throws ApiError, ConnectionError, or the reason of the caller's signal */
  json(request: TransportRequest): Promise<unknown>;
  /** The answer's bytes as they come; never retried. Throws as `json` does, also in the middle. */
  stream(request: TransportRequest): AsyncIterable<Buffer>;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

const DEADLINE_MS = 30_000;
const LONGEST_PAUSE_MS = 5_000;

export function createTransport(
  config: ClusterConfig,
  { metrics, userAgent, retry = {} }: { metrics?: RuntimeMetrics; userAgent: string; retry?: RetryOptions },
): Transport {
  const { attempts = 5, withinMs = 200 } = retry;
  const server = new URL(config.server);
  const base = server.pathname.replace(/\/$/, '');
  // kube-apiserver closes idle connections after 90 s. The timers are off: each call has its own deadline.
  const agent = new Agent({ keepAliveTimeout: 60_000, headersTimeout: 0, bodyTimeout: 0, connect: { ...config.tls } });

  async function open(request: TransportRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const authorization = await config.authorization();
    const { method, body, accept = 'application/json', contentType = 'application/json' } = request;
    return send(`${server.origin}${base}${request.path}`, {
      dispatcher: agent,
      method,
      signal,
      headers: {
        ...config.headers,
        accept,
        'user-agent': userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Runs one HTTP exchange, counts it, and gives its failure a name. */
  async function exchange<T>(
    request: TransportRequest,
    limit: Limit,
    read: (response: Dispatcher.ResponseData) => Promise<T> | T,
  ): Promise<T> {
    const { method, what } = request;
    const { host } = server;
    const stop = metrics?.restClientRequestDuration.startTimer({ verb: method, host });
    let code = '<error>';
    try {
      const response = await open(request, limit.signal);
      code = String(response.statusCode);
      if (response.statusCode >= 400) throw await refusal(what, response);
      return await read(response);
    } catch (error) {
      throw limit.explain(what, error);
    } finally {
      stop?.();
      metrics?.restClientRequests.inc({ code, method, host });
    }
  }

  return {
    async json(request) {
      const limit = createLimit(request);
      try {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await exchange(request, limit, async ({ body }) => parse(await body.text()));
          } catch (error) {
            const wait = retryDelay(error, request.method, withinMs * 2 ** (attempt - 1));
            if (wait === undefined || attempt >= attempts || wait >= limit.remainingMs()) throw error;
            await pause(wait, undefined, { signal: limit.signal }).catch((reason: unknown) => {
              throw limit.explain(request.what, reason);
            });
          }
        }
      } finally {
        limit.clear();
      }
    },

    async *stream(request) {
      const limit = createLimit(request);
      try {
        const { body } = await exchange(request, limit, (response) => response);
        limit.lift();
        for await (const chunk of body) yield chunk as Buffer;
      } catch (error) {
        throw limit.explain(request.what, error);
      } finally {
        limit.clear();
      }
    },

    close: () => agent.destroy(),
  };
}

/** A call's time limit joined with its caller's signal. */
interface Limit {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Takes the time limit away; the caller's signal stays. */
  lift(): void;
  clear(): void;
  /** The error to throw: the caller's own reason, the deadline, or the failure itself with a name. */
  explain(what: string, error: unknown): unknown;
}

function createLimit({ signal, timeoutMs = DEADLINE_MS }: TransportRequest): Limit {
  const controller = new AbortController();
  const end = performance.now() + timeoutMs;
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, timeoutMs);
  const cancel = () => controller.abort();
  // Not AbortSignal.any: it holds on to every signal derived from one that lives as long as the process.
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  return {
    signal: controller.signal,
    remainingMs: () => end - performance.now(),
    lift: () => clearTimeout(timer),
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    },
    explain(what, error) {
      if (signal?.aborted) return signal.reason as unknown;
      if (error instanceof ApiError || error instanceof ConnectionError) return error;
      if (expired) return new ConnectionError(what, `no answer within ${timeoutMs / 1000} s`, error);
      return new ConnectionError(what, messageOf(error), error);
    },
  };
}

function parse(text: string): unknown {
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

async function refusal(what: string, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<ApiError> {
  const status = statusOf(await body.text());
  const seconds = Number(headers['retry-after'] ?? status.details?.retryAfterSeconds);
  return new ApiError(what, statusCode, status, seconds > 0 ? seconds * 1000 : undefined);
}

/** kube-apiserver answers with a Status; what stands before it (a load balancer) answers with whatever it likes. */
function statusOf(text: string): Status {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && 'kind' in json && json.kind === 'Status') return json as Status;
  } catch {
    // Not JSON: the text is the message.
  }
  const message = text.trim().slice(0, 500);
  return { kind: 'Status', ...(message === '' ? {} : { message }) };
}

/**
 * How long to wait before a call may be made again, in milliseconds; undefined where it may not. A write is sent again only
 * when the server said that it did not take it (429 with Retry-After): otherwise it may have been done.
 */
function retryDelay(error: unknown, method: TransportRequest['method'], withinMs: number): number | undefined {
  const jittered = Math.random() * Math.min(LONGEST_PAUSE_MS, withinMs);
  if (error instanceof ApiError) {
    const { code, retryAfterMs } = error;
    if (code === 429 && retryAfterMs !== undefined) return retryAfterMs + jittered;
    return method === 'GET' && (code === 429 || code >= 500) ? Math.max(jittered, retryAfterMs ?? 0) : undefined;
  }
  return method === 'GET' && error instanceof ConnectionError ? jittered : undefined;
}
