/** Tells on stderr how far something is, once it takes longer than a second, and then once a second. */
export interface Progress {
  /** @param done so many of all */
  at(done: number, what: string): void;
  /** Takes back what stands on the terminal. */
  end(): void;
}

const QUIET_MS = 1000;

interface Output {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/**
 * @param total how many there are
 * @param now milliseconds on a clock that only goes forward
 */
export function progress(total: number, output: Output = process.stderr, now = () => performance.now()): Progress {
  let told = now();
  let open = false;
  return {
    at(done, what) {
      if (now() - told < QUIET_MS) return;
      told = now();
      const text = `optipod: ${done} of ${total}: ${what}`;
      // A terminal shows one line that changes; a file gets one line after the other.
      output.write(output.isTTY ? `\r\u{1B}[K${text}` : `${text}\n`);
      open = output.isTTY === true;
    },
    end() {
      if (open) output.write('\r\u{1B}[K');
      open = false;
    },
  };
}
