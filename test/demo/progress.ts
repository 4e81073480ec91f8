const began = Date.now();

/** A line of progress, with the time since the start. */
export function progress(line: string): void {
  const seconds = Math.round((Date.now() - began) / 1000);
  const clock = `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
  console.error(`[${clock.padStart(5)}] ${line}`);
}
