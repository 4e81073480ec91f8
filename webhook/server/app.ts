import type { HttpBindings } from '@hono/node-server';
import type { Logger } from '@optipod/operator/runtime';
import { Hono, type Context } from 'hono';
import { type AdmissionRequest, type AdmissionVerdict, parseDuration } from 'optipod/kube';
import type { Registry } from 'prom-client';
import type { AdmissionHandler, ReviewContext } from './handler.js';
import { webhookMetrics, type WebhookMetrics } from './metrics.js';
import { answer, readReview, type AdmissionReviewResponse } from './review.js';

/** Two objects of kube-apiserver's largest request, 3 MiB each, and the review around them. */
const LARGEST_BODY = 7 * 2 ** 20;

/** With parameters or without. */
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** How long kube-apiserver waits for a webhook that says nothing of it, and the longest that one may say. */
const USUAL_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 30_000;
/** Of what it waits: the rest is for the way there and back, a handshake among it. */
const OURS = 0.8;

interface Env {
  readonly Bindings: Partial<HttpBindings>;
}

type Reply =
  | { readonly status: 200; readonly review: AdmissionReviewResponse }
  | { readonly status: 400 | 411 | 413 | 415; readonly message: string };

/** The admission handlers as a Hono app: an AdmissionReview in, the same one with a response out; 4xx for whatever is none. */
export function admissionApp(
  handlers: readonly AdmissionHandler[],
  { log, metrics }: { readonly log: Logger; readonly metrics: Registry },
): Hono<Env> {
  const counted = webhookMetrics(metrics);
  const app = new Hono<Env>();
  for (const handler of handlers) {
    app.post(handler.path, async (context) => {
      const done = counted.started(handler.path);
      let status = 500;
      try {
        const reply = await replyTo(context, handler, { log, counted });
        status = reply.status;
        return reply.status === 200 ? context.json(reply.review) : context.text(`${reply.message}\n`, reply.status);
      } finally {
        done(status);
      }
    });
  }
  app.onError((error, context) => {
    log.error({ err: error, path: context.req.path }, 'request failed');
    return context.text('internal error\n', 500);
  });
  return app;
}

interface Surroundings {
  readonly log: Logger;
  readonly counted: WebhookMetrics;
}

async function replyTo(
  { req }: Pick<Context<Env>, 'req'>,
  handler: AdmissionHandler,
  surroundings: Surroundings,
): Promise<Reply> {
  // Read from the headers: hono's own body limit costs as much as the rest of a review.
  const length = req.header('content-length');
  if (length === undefined) return { status: 411, message: 'content-length is required' };
  if (!(Number(length) <= LARGEST_BODY)) {
    return { status: 413, message: `the body may have at most ${LARGEST_BODY} bytes` };
  }
  if (!JSON_TYPE.test(req.header('content-type') ?? '')) {
    return { status: 415, message: 'the content type must be application/json' };
  }
  let body: unknown;
  try {
    body = await req.json();
  } catch {
    return { status: 400, message: 'the body is not JSON' };
  }
  const request = readReview(body);
  if (!request) {
    return { status: 400, message: 'the body is not an AdmissionReview of admission.k8s.io/v1 with a request' };
  }
  const waits = Math.min(parseDuration(req.query('timeout') ?? '') ?? USUAL_TIMEOUT_MS, LONGEST_TIMEOUT_MS);
  const budgetMs = Math.min(handler.timeoutMs ?? waits, waits * OURS);
  return { status: 200, review: answer(request, await decide(handler, request, budgetMs, surroundings)) };
}

async function decide(
  handler: AdmissionHandler,
  request: AdmissionRequest,
  budgetMs: number,
  { log, counted }: Surroundings,
): Promise<AdmissionVerdict> {
  // Most handlers decide from memory and never look at it.
  let controller: AbortController | undefined;
  let timedOut: Error | undefined;
  const context: ReviewContext = {
    get signal() {
      controller ??= new AbortController();
      if (timedOut) controller.abort(timedOut);
      return controller.signal;
    },
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      timedOut = new Error(`not decided within ${budgetMs} ms`);
      controller?.abort(timedOut);
      reject(timedOut);
    }, budgetMs);
  });
  try {
    return await Promise.race([handler.review(request, context), late]);
  } catch (error) {
    counted.failed(handler.path, timedOut ? 'timeout' : 'error');
    const { uid, operation, namespace, name } = request;
    log.error({ err: error, path: handler.path, uid, operation, namespace, name }, 'review failed');
    return handler.onError;
  } finally {
    clearTimeout(timer);
  }
}
