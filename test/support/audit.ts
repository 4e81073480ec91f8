import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/** One answered request in kube-apiserver's audit log. */
export interface Request {
  readonly verb: string;
  readonly requestURI: string;
  /** With microseconds. */
  readonly requestReceivedTimestamp: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  /** Of the authorizer: `authorization.k8s.io/decision`. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  /** Of a write: its body. */
  readonly requestObject?: unknown;
}

/** What a user asked of the apiserver so far, in the order of the answers. */
export function requestsOf(auditLog: string, username: string): Request[] {
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"username":"${username}"`))
    .map((line) => JSON.parse(line) as Request);
}

/** An audit log that is read again and again: each time only what is new. */
export class GrowingAuditLog {
  readonly #path: string;
  readonly #keep: (request: Request) => boolean;
  readonly #requests: Request[] = [];
  #offset = 0;

  /** @param keep which requests are of interest */
  constructor(path: string, keep: (request: Request) => boolean) {
    this.#path = path;
    this.#keep = keep;
  }

  /** All of interest so far, in the order of the answers. */
  read(): readonly Request[] {
    const file = openSync(this.#path, 'r');
    try {
      const news = Buffer.alloc(fstatSync(file).size - this.#offset);
      const length = readSync(file, news, 0, news.length, this.#offset);
      // The last line may be half written.
      const whole = news.subarray(0, news.subarray(0, length).lastIndexOf('\n') + 1);
      this.#offset += whole.length;
      for (const line of whole.toString('utf8').split('\n')) {
        if (line === '') continue;
        const request = JSON.parse(line) as Request;
        if (this.#keep(request)) this.#requests.push(request);
      }
      return this.#requests;
    } finally {
      closeSync(file);
    }
  }
}

export function isWrite({ verb }: Request): boolean {
  return ['create', 'update', 'patch', 'delete'].includes(verb);
}

/**
 * Whether a write that comes late does no harm: it creates under a fixed name, or names the object or the version that it is
 * about, and is refused when the object is another one by then.
 */
export function isGuarded({ verb, objectRef, requestObject }: Request): boolean {
  if (verb === 'create') return objectRef?.subresource !== undefined || objectRef?.name !== undefined;
  if (Array.isArray(requestObject)) {
    return requestObject.some(
      (operation: { op?: string; path?: string }) =>
        (operation.op === 'test' || operation.op === 'replace') &&
        (operation.path === '/metadata/resourceVersion' || operation.path === '/metadata/uid'),
    );
  }
  const { metadata, preconditions } = (requestObject ?? {}) as Record<
    string,
    { uid?: string; resourceVersion?: string }
  >;
  return [metadata, preconditions].some((named) => Boolean(named?.uid ?? named?.resourceVersion));
}
