import { type DestinationStream, type Logger, destination as fileDescriptor, pino, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** @default 'info' */
  readonly level?: LogLevel;
  /** Fields of every line. @default none: the pod's name and node are the log collector's to add */
  readonly fields?: Readonly<Record<string, string>>;
  /** @default standard output, written without blocking the event loop and flushed at exit */
  readonly destination?: DestinationStream;
  /**
   * How long a line may wait for others, in milliseconds, to be written with them: for who logs thousands a second, where each
   * write costs more than what it tells of. Lines that wait are lost with a process that is killed. @default 0
   */
  readonly gatherMs?: number;
}

/** So many bytes are written without waiting for more: half of what the destination writes at once. */
const GATHERED_BYTES = 8_192;

/** A logger of JSON lines: `{"level":"info","time":"2026-01-31T12:00:00.000Z","msg":"…"}`; an error is put under `err`. */
export function createLogger({ level = 'info', fields, destination, gatherMs = 0 }: LogOptions = {}): Logger {
  const gathered = gatherMs > 0 ? { minLength: GATHERED_BYTES, periodicFlush: gatherMs } : {};
  return pino(
    {
      level,
      base: fields ?? null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? fileDescriptor({ dest: 1, sync: false, ...gathered }),
  );
}

/** What a part of the runtime logs to when it was given nothing else. */
export const silentLogger: Logger = pino({ level: 'silent' });
