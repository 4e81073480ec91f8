/** The exit code for an invocation that cannot work as written. */
export const USAGE_ERROR = 2;

/** What was asked for cannot be done as asked; the message is for the person who asked. */
export class Refused extends Error {}
