import type { AdmissionRequest, AdmissionVerdict } from 'optipod/kube';

export interface ReviewContext {
  /** Aborted when there is no time left; whatever is decided after that, nobody waits for it. */
  readonly signal: AbortSignal;
}

/** Decides on the requests of one path, mutating or validating. */
export interface AdmissionHandler {
  readonly path: `/${string}`;
  /**
   * How long `review` may take, in milliseconds.
   * @default what kube-apiserver waits, less a fifth for the way there and back; never more than that
   */
  readonly timeoutMs?: number;
  /** Decides from memory, in milliseconds; or asks others, as long as the signal allows. */
  review(request: AdmissionRequest, context: ReviewContext): AdmissionVerdict | Promise<AdmissionVerdict>;
  /**
   * The verdict where `review` throws or takes too long. It should say what the webhook's failurePolicy says: whether an
   * object gets through must not depend on how the webhook failed.
   */
  readonly onError: AdmissionVerdict;
}
