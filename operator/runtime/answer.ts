import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** What the check before a write threw, told from every error of the write itself. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('held back');
    this.reason = reason;
  }
}

/** An answer, read whole. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AnswerOptions {
  readonly signal: AbortSignal;
  /**
   * Called at the last moment before the request goes out; a throw is what it fails with. What is so when a call is made need not
   * be so when its connection is there, for a process may stand still in between.
   */
  readonly onWire: () => void;
}

/** Asks, and reads the whole answer: a stream for each would be a third of what a call costs. */
export function answerTo(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { signal, onWire }: AnswerOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let underWay: Dispatcher.DispatchController | undefined;
    let statusCode = 0;
    let headers: IncomingHttpHeaders = {};
    const parts: Buffer[] = [];
    const cut = () => {
      const reason = signal.reason as Error;
      underWay?.abort(reason);
      fail(reason);
    };
    const fail = (error: Error) => {
      signal.removeEventListener('abort', cut);
      reject(error);
    };
    signal.addEventListener('abort', cut, { once: true });
    if (signal.aborted) {
      cut();
      return;
    }
    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        // Called off while it waited for its connection.
        signal.throwIfAborted();
        onWire();
        underWay = controller;
      },
      onResponseStart(_, code, fields) {
        statusCode = code;
        headers = fields;
      },
      onResponseData: (_, chunk) => void parts.push(chunk),
      onResponseEnd() {
        signal.removeEventListener('abort', cut);
        const [only = Buffer.alloc(0)] = parts;
        resolve({ statusCode, headers, text: (parts.length > 1 ? Buffer.concat(parts) : only).toString('utf8') });
      },
      onResponseError: (_, error) => fail(error),
    });
  });
}
