import { setImmediate as turn } from 'node:timers/promises';
import type { Status } from 'optipod/kube';
import { type Answer, Fenced, answerTo } from './answer.js';
import { type Limit, createLimit } from './call-limit.js';
import { type Clock, pause, systemClock } from './clock.js';
import type { ClusterConfig } from './config.js';
import { createConnections } from './connections.js';
import { ApiError, ConnectionError, messageOf } from './errors.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';

/** One HTTP request to kube-apiserver. */
export interface TransportRequest {
  /** What errors call it: `get Deployment default/web`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
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

export interface TransportOptions {
  readonly log?: Logger | undefined;
  readonly metrics?: RuntimeMetrics | undefined;
  readonly userAgent: string;
  readonly retry?: RetryOptions | undefined;
  /** Called just before each request that is no GET goes out; a throw is what the call throws, and nothing is sent. */
  readonly beforeWrite?: (() => void) | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

const LONGEST_PAUSE_MS = 5_000;

export function createTransport(
  config: ClusterConfig,
  { log = silentLogger, metrics, userAgent, retry = {}, beforeWrite, clock = systemClock }: TransportOptions,
): Transport {
  const { attempts = 5, withinMs = 200 } = retry;
  const server = new URL(config.server);
  const base = server.pathname.replace(/\/$/, '');
  const connections = createConnections(config);

  async function prepared({ path, method, body, accept, contentType }: TransportRequest) {
    const [dispatcher, authorization] = await Promise.all([connections.current(), config.authorization()]);
    const options = {
      origin: server.origin,
      path: `${base}${path}`,
      method,
      // Otherwise undici closes the connection after each DELETE with a body, lest a server take that for another request.
      reset: false,
      headers: {
        ...config.headers,
        accept: accept ?? 'application/json',
        'user-agent': userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    return { dispatcher, options };
  }

  /**
   * Runs one HTTP exchange, counts it, and gives its failure a name.
   * @param ask is to say when the request is about to go out
   */
  async function exchange<A extends { readonly statusCode: number }, T>(
    { method, what }: TransportRequest,
    limit: Limit,
    ask: (onWire: () => void) => Promise<A>,
    read: (answer: A) => Promise<T>,
  ): Promise<T> {
    const { host } = server;
    const stop = metrics?.restClientRequestDuration.startTimer({ verb: method, host });
    let code: string | undefined = '<error>';
    let sent = false;
    const onWire = () => {
      if (method !== 'GET') checkWrite(beforeWrite);
      sent = true;
    };
    try {
      const answer = await ask(onWire);
      code = String(answer.statusCode);
      return await read(answer);
    } catch (error) {
      // What was held back is no request.
      if (error instanceof Fenced) code = undefined;
      throw limit.explain(what, error, sent);
    } finally {
      if (code !== undefined) {
        stop?.();
        metrics?.restClientRequests.inc({ code, method, host });
      }
    }
  }

  function json(request: TransportRequest, limit: Limit): Promise<unknown> {
    const ask = async (onWire: () => void) => {
      const { dispatcher, options } = await prepared(request);
      return answerTo(dispatcher, options, { signal: limit.signal, onWire });
    };
    return exchange(request, limit, ask, async (answer) => {
      // Until then undici takes the connection for busy: the next call would open another. And a large answer holds up others
      // twice, not once as long.
      await turn();
      if (answer.statusCode >= 400) throw refusal(request.what, answer);
      return parse(answer.text);
    });
  }

  function stream(request: TransportRequest, limit: Limit): Promise<AsyncIterable<Buffer>> {
    const ask = async (onWire: () => void) => {
      const { dispatcher, options } = await prepared(request);
      onWire();
      return dispatcher.request({ ...options, signal: limit.signal });
    };
    return exchange(request, limit, ask, async ({ statusCode, headers, body }) => {
      if (statusCode >= 400) throw refusal(request.what, { statusCode, headers, text: await body.text() });
      return body as AsyncIterable<Buffer>;
    });
  }

  return {
    async json(request) {
      const limit = createLimit(request, clock);
      try {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await json(request, limit);
          } catch (error) {
            const wait = retryDelay(error, request.method, withinMs * 2 ** (attempt - 1));
            if (error instanceof Fenced) throw error.reason;
            if (wait === undefined || attempt >= attempts || wait >= limit.remainingMs()) throw error;
            const code = error instanceof ApiError ? String(error.code) : '<error>';
            metrics?.restClientRetries.inc({ code, verb: request.method, host: server.host });
            log.warn({ attempt, problem: messageOf(error), retryInMs: Math.round(wait) }, 'asking again');
            await pause(clock, wait, limit.signal);
            if (limit.signal.aborted) throw limit.explain(request.what, error);
          }
        }
      } finally {
        limit.clear();
      }
    },

    async *stream(request) {
      const limit = createLimit(request, clock);
      try {
        const body = await stream(request, limit);
        limit.lift();
        yield* body;
      } catch (error) {
        throw limit.explain(request.what, error);
      } finally {
        limit.clear();
      }
    },

    close: () => connections.close(),
  };
}

function checkWrite(beforeWrite: (() => void) | undefined): void {
  try {
    beforeWrite?.();
  } catch (reason) {
    throw new Fenced(reason);
  }
}

function parse(text: string): unknown {
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

function refusal(what: string, { statusCode, headers, text }: Answer): ApiError {
  const status = statusOf(text);
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
 * when the server said that it did not take it (429 with Retry-After), or nothing of it went out: otherwise it may have been
 * done.
 */
function retryDelay(error: unknown, method: TransportRequest['method'], withinMs: number): number | undefined {
  const jittered = Math.random() * Math.min(LONGEST_PAUSE_MS, withinMs);
  if (error instanceof ApiError) {
    const { code, retryAfterMs } = error;
    if (code === 429 && retryAfterMs !== undefined) return retryAfterMs + jittered;
    return method === 'GET' && (code === 429 || code >= 500) ? Math.max(jittered, retryAfterMs ?? 0) : undefined;
  }
  return error instanceof ConnectionError && (method === 'GET' || !error.sent) ? jittered : undefined;
}
