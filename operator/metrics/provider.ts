/** Why a provider has no usage to give; `reason` is the condition's. */
export class ProviderError extends Error {
  readonly reason: 'ProviderUnreachable' | 'ProviderRefused' | 'ProviderAnswerInvalid' | 'ProviderNotConfigured';

  constructor(reason: ProviderError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderError';
    this.reason = reason;
  }
}
