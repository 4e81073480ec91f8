import { setTimeout as pause } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import { collectEvery, createConnections, messageOf, systemClock, type Clock } from '../../runtime/index.js';
import { ProviderError } from '../provider.js';
import { connectionAdvice, fileAdvice, refusalAdvice, type Access, type SettingName } from './advice.js';
import { atMost } from './at-most.js';
import { circuitBreaker } from './circuit-breaker.js';
import { authorization, currentTls } from './credentials.js';
import { deadline, type Deadline } from './deadline.js';
import { NoAnswerInTime, PassingError, RefusedError } from './errors.js';

export interface EndpointOptions extends Access {
  /** What errors call it: `Prometheus`. */
  readonly title: string;
  /** Base URL, with a path prefix if there is one. */
  readonly url: string;
  /** What errors call what can be set. @default the names of these options */
  readonly settingName?: SettingName;
  /** How long the server may be silent. */
  readonly timeoutMs: number;
  /** Before the second try and those after it. @default [200, 1000]: by then a lost connection is back */
  readonly pausesMs?: readonly number[];
  /** Questions at a time. @default 2: enough to read one answer while the next one is worked out */
  readonly concurrency?: number;
  /** @default the system's */
  readonly clock?: Clock;
  /** Milliseconds since 1970, for messages. @default Date.now */
  readonly now?: () => number;
}

/** Something that is asked of an endpoint. */
export interface Question {
  /** Appended to the base URL: `/api/v1/query_range`. */
  readonly path: string;
  readonly parameters: URLSearchParams;
  /** A form is posted, since queries outgrow URLs; where the server takes no POST (405), it is a GET from then on. */
  readonly method: 'GET' | 'POST';
  /** Whether it is asked in parts where there is no answer in time, be that the server's limit: it is no outage then. @default false */
  readonly isDivisible?: boolean;
}

/** A server that is asked over HTTP, with all that keeps a slow or broken one from doing harm. */
export interface Endpoint {
  /** For errors: `Prometheus at http://prometheus:9090/api/v1/query_range`. */
  placeOf(question: Pick<Question, 'path'>): string;
  /**
   * What may pass is tried three times in all, and then `read` begins again; that there was no answer in time is not.
   * @param read the body as it comes. It throws ProviderError for what is wrong with it, and leaves alone that it breaks off
   * @throws ProviderError naming the place and what it answered; the reason of the signal
   */
  ask<T>(question: Question, read: (body: AsyncIterable<Buffer>) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** What servers answer, and proxies for them, who are away for a moment. */
const PASSING = [429, 502, 503, 504];

/** Bytes of answers after which their buffers are collected: a day of 1,000 pods is 85 million. */
const COLLECTED_EVERY = 20_000_000;

/** Of a refusal, more than this is no message but a page. */
const MOST_SAID = 200;

/** @throws Error for options that contradict each other */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { title, timeoutMs, pausesMs = [200, 1000], concurrency = 2, clock = systemClock } = options;
  const { settingName = (option: keyof Access) => option } = options;
  const base = options.url.replace(/\/+$/, '');
  const credentials = authorization(options);
  const connections = createConnections({ tls: {}, currentTls: currentTls(options) });
  const turn = atMost(concurrency);
  const wentBy = collectEvery(COLLECTED_EVERY);
  const { origin, pathname, protocol } = new URL(base);
  const breaker = circuitBreaker({ ...options, place: `${title} at ${origin}${pathname === '/' ? '' : pathname}` });
  let takesPost = true;

  const placeOf = ({ path }: Pick<Question, 'path'>) => `${title} at ${origin}${pathname.replace(/\/$/, '')}${path}`;

  async function open(question: Question, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const isPost = question.method === 'POST' && takesPost;
    const url = new URL(`${base}${question.path}`);
    if (!isPost) for (const [name, value] of question.parameters) url.searchParams.append(name, value);
    const [dispatcher, header] = await Promise.all([connections.current(), credentials()]).catch((error: unknown) => {
      const advice = fileAdvice(error, options, settingName);
      const message = `${placeOf(question)} cannot be asked: ${messageOf(error)}${advice}`;
      throw new ProviderError('ProviderNotConfigured', message, { cause: error });
    });
    return request(url, {
      dispatcher,
      method: isPost ? 'POST' : 'GET',
      headers: {
        accept: 'application/json',
        ...options.headers,
        ...(header === undefined ? {} : { authorization: header }),
        ...(isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(isPost ? { body: question.parameters.toString() } : {}),
      signal,
    });
  }

  async function once<T>(
    question: Question,
    read: (body: AsyncIterable<Buffer>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const place = placeOf(question);
    const limit = deadline(timeoutMs, signal, clock);
    let hasBegun = false;
    try {
      const { statusCode, body } = await open(question, limit.signal);
      hasBegun = true;
      if (statusCode === 200) return await read(arriving(body, limit, wentBy));
      const { said, type } = refusalIn(await body.text());
      if (statusCode === 405 && question.method === 'POST' && takesPost) {
        takesPost = false;
        throw new PassingError('ProviderRefused', `${place} takes no POST: ${said}`);
      }
      const message = `${place} answered ${statusCode}: ${said}${refusalAdvice(statusCode, options, settingName)}`;
      if (question.isDivisible && isOverdue(statusCode, type)) throw new NoAnswerInTime('ProviderRefused', message);
      throw PASSING.includes(statusCode)
        ? new PassingError('ProviderRefused', message)
        : new RefusedError(message, statusCode);
    } catch (error) {
      // Called off by the caller: that says nothing about the server.
      signal.throwIfAborted();
      if (limit.expired) {
        throw new NoAnswerInTime('ProviderUnreachable', `${place} cannot be reached: no answer in time`, {
          cause: error,
        });
      }
      if (error instanceof ProviderError) throw error;
      const advice = connectionAdvice(error, protocol === 'https:', options, settingName);
      throw hasBegun
        ? new PassingError('ProviderAnswerInvalid', `${place}: its answer broke off: ${messageOf(error)}`, {
            cause: error,
          })
        : new PassingError('ProviderUnreachable', `${place} cannot be reached: ${messageOf(error)}${advice}`, {
            cause: error,
          });
    } finally {
      limit.clear();
    }
  }

  return {
    placeOf,
    ask: (question, read, signal) =>
      breaker(async () => {
        for (const ms of pausesMs) {
          try {
            return await turn(() => once(question, read, signal));
          } catch (error) {
            if (!(error instanceof PassingError)) throw error;
            await pause(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => signal.throwIfAborted());
          }
        }
        return turn(() => once(question, read, signal));
      }, question),
    close: () => connections.close(),
  };
}

async function* arriving(
  body: AsyncIterable<Buffer>,
  limit: Deadline,
  wentBy: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    limit.extend();
    yield chunk;
    wentBy(chunk.length);
  }
}

/** What a refusal says: the message in its JSON and what Prometheus calls it, or the text itself. */
function refusalIn(text: string): { readonly said: string; readonly type?: unknown } {
  try {
    const { error, message, errorType } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const said = [error, message].find((one) => typeof one === 'string');
    if (said !== undefined) return { said, type: errorType };
  } catch {
    // Not JSON: the text is the message.
  }
  return { said: excerpt(text) };
}

/**
 * Whether an answer took longer than a gateway waits, or than Prometheus works on one question (`--query.timeout`), which is a 503
 * as if it were away.
 */
function isOverdue(statusCode: number, type: unknown): boolean {
  return statusCode === 504 || (statusCode === 503 && type === 'timeout');
}

/** The beginning of a text, on one line. */
export function excerpt(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, MOST_SAID);
}
