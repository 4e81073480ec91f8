import { createBackoff, systemClock, type Clock } from '../../runtime/index.js';
import { ProviderError } from '../provider.js';
import { CircuitOpen, isOutage, NoAnswerInTime } from './errors.js';

export interface CircuitBreakerOptions {
  /** What errors call it. */
  readonly place: string;
  /** @default the system's */
  readonly clock?: Clock;
  /** Milliseconds since 1970, for messages. @default Date.now */
  readonly now?: () => number;
}

/** Outages in a row, each after its own retries, until nothing more is asked: one or two may be a restart. */
const MOST_OUTAGES = 3;

/** The first pause, and how far they double; with jitter no longer than a sampling interval of a minute. */
const PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 40_000;

/** What is called. */
export interface BreakableCall {
  /** Whether less is asked for where there is no answer in time: it may be the question that is too much. @default false */
  readonly isDivisible?: boolean;
}

export type CircuitBreaker = <T>(call: () => Promise<T>, about?: BreakableCall) => Promise<T>;

/**
 * Stops asking a server that does not answer. After some outages in a row calls fail at once, until a pause is over; then one
 * is let through, and what becomes of it decides for all. What the server refuses is an answer. That it has none in time to what
 * can be asked in parts tells neither that it is well nor that it is away: its parts will.
 * @returns throws what the call throws, or CircuitOpen
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { place, clock = systemClock, now = Date.now } = options;
  const pauses = () =>
    createBackoff({ initialMs: PAUSE_MS, maxMs: LONGEST_PAUSE_MS, resetAfterMs: Infinity }, () => clock.now());
  let pause = pauses();
  let outages = 0;
  let since = 0;
  let last = '';
  let closedUntil = Number.NEGATIVE_INFINITY;
  let isProbing = false;

  function outage(message: string): void {
    if (outages === 0) since = now();
    outages += 1;
    last = message;
    if (outages >= MOST_OUTAGES) closedUntil = clock.now() + pause.next();
  }

  function recovered(): void {
    outages = 0;
    pause = pauses();
  }

  return async (call, { isDivisible = false } = {}) => {
    const isOpen = outages >= MOST_OUTAGES;
    if (isOpen && (isProbing || clock.now() < closedUntil)) {
      const message = `${place} has been away since ${new Date(since).toISOString()} and is given a pause; at last: ${last}`;
      throw new CircuitOpen('ProviderUnreachable', message);
    }
    isProbing = isOpen;
    try {
      const result = await call();
      recovered();
      return result;
    } catch (error) {
      // Whoever tries whether the server is back decides all the same, lest the pause be over for good.
      if (isDivisible && !isOpen && error instanceof NoAnswerInTime) throw error;
      if (isOutage(error)) outage(error instanceof Error ? error.message : String(error));
      else if (error instanceof ProviderError) recovered();
      throw error;
    } finally {
      if (isOpen) isProbing = false;
    }
  };
}
