/** Where kube-apiserver cuts a warning, once there are too many of them. */
const LONGEST = 256;
/** What it passes on of all warnings of a request together, those of others among them: it cuts, then drops. */
const TOGETHER = 4096;
/** Room for the line that says how many there would have been. */
const REST = 40;

/**
 * Warnings as kube-apiserver passes them on: each once, of at most 256 characters, at most 4096 in all, and without control
 * characters, for which it would drop the whole line.
 */
export function limitedWarnings(warnings: readonly string[]): string[] {
  const lines = [...new Set(warnings.map(onOneLine))].filter((line) => line !== '');
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    const next = length + lengthOf(line);
    if (next > TOGETHER - (kept.length + 1 < lines.length ? REST : 0)) {
      kept.push(`and ${String(lines.length - kept.length)} more warnings`);
      break;
    }
    kept.push(line);
    length = next;
  }
  return kept;
}

function onOneLine(warning: string): string {
  const line = warning.replaceAll(/\p{Cc}+/gu, ' ').trim();
  // A character is one or two of these.
  if (line.length <= LONGEST) return line;
  const characters = Array.from(line);
  return characters.length <= LONGEST ? line : `${characters.slice(0, LONGEST - 1).join('')}…`;
}

/** Counted as Go does it. */
function lengthOf(line: string): number {
  return Array.from(line).length;
}
