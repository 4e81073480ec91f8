import { ProviderError } from '../provider.js';

/** There was no answer in time: the server is overloaded, or too much was asked at once. */
export class NoAnswerInTime extends ProviderError {}

/** What may pass within seconds: a lost connection, an overloaded proxy. */
export class PassingError extends ProviderError {}

/** The server said no. */
export class RefusedError extends ProviderError {
  /** Of HTTP. */
  readonly statusCode: number;

  constructor(message: string, statusCode: number) {
    super('ProviderRefused', message);
    this.statusCode = statusCode;
  }
}

/** The circuit is open: nothing was asked. */
export class CircuitOpen extends ProviderError {}

/** Whether it says that the server is not well, rather than that it was asked something wrong. */
export function isOutage(error: unknown): boolean {
  return error instanceof NoAnswerInTime || error instanceof PassingError;
}
