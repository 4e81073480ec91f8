/** How long a window is still kept that nobody asks for any more, in seconds: a policy may be edited, or made, again. */
export const LINGER = 86_400;

/** How far back usage is to be remembered: as far as anybody asked within the last day of samples. Seconds. */
export class Retention {
  /** What was asked for when, in seconds since 1970; the longest first, each asked for later than those before it. */
  #asked: readonly { readonly window: number; readonly at: number }[] = [];

  get longest(): number {
    return this.#asked[0]?.window ?? 0;
  }

  /** @param window the longest that is asked for as of an instant */
  note(window: number, at: number): void {
    const left = this.#asked.filter((one) => one.window > window && one.at > at - LINGER);
    this.#asked = [...left, { window, at }];
  }
}
