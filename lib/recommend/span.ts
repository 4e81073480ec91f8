const PARTS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** Seconds for a person, the two largest parts of it: `23h 59m`, `7d`, `45s`. */
export function formatSpan(seconds: number): string {
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [suffix, length] of PARTS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${suffix}`);
    else if (parts.length > 0) break;
  }
  return parts.length === 0 ? '0s' : parts.slice(0, 2).join(' ');
}

/** Seconds since 1970 as Kubernetes writes instants: RFC 3339, UTC, whole seconds. */
export function formatInstant(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
