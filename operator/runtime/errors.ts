import type { Status } from 'optipod/kube';

/** kube-apiserver refused. The message says what was asked of which object, and the server's reason. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;
  /** The HTTP status code. */
  readonly code: number;
  /** metav1's machine-readable reason (`NotFound`, `Conflict`, …); empty where the server gave none. */
  readonly reason: string;
  /** How long the server asks to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  /** @param request what was asked, `get Deployment default/web` */
  constructor(request: string, code: number, status: Status, retryAfterMs?: number) {
    const reason = status.reason ?? '';
    const label = reason === '' ? String(code) : `${code} ${reason}`;
    super(`${request}: ${status.message ?? 'refused without a message'} (${label})`);
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** There was no (whole) answer: the network failed or time ran out. Whether a write that was sent took effect is unknown. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Whether anything of the request went out. */
  readonly sent: boolean;

  constructor(request: string, problem: string, cause?: unknown, sent = true) {
    super(`${request}: ${problem}`, { cause });
    this.sent = sent;
  }
}

/** Thrown by a reconciliation that trying again cannot help: the key waits until it is enqueued again. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** The object is not there, or its kind is not served. */
export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

/**
 * A write was based on what is no longer so: another version, or another object of that name. kube-apiserver has two answers
 * to a UID that is not the object's: Conflict where the object is gone, Invalid where a namesake stands in its place. And a JSON
 * patch of what is not there any more is Invalid before versions are compared.
 */
export function isConflict(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  if (error.code === 409) return error.reason !== 'AlreadyExists';
  if (error.code !== 422) return false;
  const { message, details } = error.status;
  return message === PATCH_MISFITS || (details?.causes ?? []).some(({ field }) => field === 'metadata.uid');
}

/** All that kube-apiserver says of a JSON patch that cannot be carried out; validation and admission have other words. */
const PATCH_MISFITS = 'the server rejected our request due to an error in our request';

/**
 * The server said no (4xx), or could not ask a webhook whose word it needs, which comes before anything is stored: whatever was
 * asked was not done. Another answer, or none, leaves that open.
 */
export function isRefused(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  return (error.code >= 400 && error.code < 500) || (error.status.message ?? '').includes(WEBHOOK_FAILED);
}

/** How kube-apiserver says so, as an InternalError. */
const WEBHOOK_FAILED = 'failed calling webhook';

/** A create met an object of that name. */
export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The resource version or continue token is too old: only a new list helps. */
export function isGone(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 410;
}

/** What a thrown value says. Node's errors for several addresses at once have no message of their own. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return 'code' in error ? String(error.code) : error.name;
}
