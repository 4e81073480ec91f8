/**
 * The kit cannot do what was asked on this machine. The message is one sentence: what to do about it and what still works
 * without it. Commands print the message alone; a stack trace would tell the reader nothing more.
 */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
