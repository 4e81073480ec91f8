import type { PodSeries } from 'optipod/lib/usage';

/** What usage is asked for: everything of these namespaces within a span. */
export interface UsageRequest {
  readonly namespaces: readonly string[];
  /** Seconds since 1970, both included. */
  readonly from: number;
  readonly to: number;
}

/** A metrics backend. */
export interface MetricsProvider {
  /**
   * The latest instant (seconds since 1970) whose samples will not change any more, at or before `now` (milliseconds).
   * What is computed up to it can be computed again.
   */
  settled(now: number): number;
  /** @throws ProviderError */
  usage(request: UsageRequest, signal: AbortSignal): Promise<readonly PodSeries[]>;
}

/** Why a provider has no usage to give; `reason` is the condition's. */
export class ProviderError extends Error {
  readonly reason: 'ProviderUnreachable' | 'ProviderRefused' | 'ProviderAnswerInvalid' | 'ProviderNotConfigured';

  constructor(reason: ProviderError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderError';
    this.reason = reason;
  }
}
