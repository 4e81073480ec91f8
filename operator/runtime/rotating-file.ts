import { readFile, stat } from 'node:fs/promises';

/**
 * The content of a file that others replace from time to time (mounted tokens and certificates): read again when it changed.
 * Looking costs 50 µs. While it cannot be read (it is being replaced), it is what it was.
 * @param afterMs looks no more often than this
 * @throws the error of reading, where it was never read
 */
export function rotatingFile(path: string, afterMs = 0): () => Promise<string> {
  let content: string | undefined;
  let stamp = '';
  let looked = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = performance.now();
    if (content !== undefined && now - looked < afterMs) return content;
    looked = now;
    try {
      const { ino, size, mtimeMs } = await stat(path);
      const current = [ino, size, mtimeMs].join();
      if (content === undefined || current !== stamp) {
        content = await readFile(path, 'utf8');
        stamp = current;
      }
      return content;
    } catch (error) {
      if (content === undefined) throw error;
      return content;
    }
  };
}

/** The Authorization header with the bearer token in such a file. @param afterMs looks no more often than this */
export function tokenFile(path: string, afterMs = 0): () => Promise<string> {
  const read = rotatingFile(path, afterMs);
  return async () => {
    const token = (await read()).trim();
    if (token === '') throw new Error(`the token in ${path} is empty`);
    return `Bearer ${token}`;
  };
}
