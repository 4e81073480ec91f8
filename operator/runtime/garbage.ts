/**
 * Has V8 give back now what was dropped, for the end of a piece of work that leaves much behind and does not soon come again. By
 * itself V8 lets its heap become half as large again first, from what it was the last time, and leaves out what buffers hold. It
 * stops the process meanwhile: some 50 ms for each 50 MB that are in use. Without `node --expose-gc` it does nothing.
 */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/**
 * Has garbage collected as bytes go by: buffers that were in use when V8 last looked among the young wait for a collection of
 * everything, which it does not count them towards. What that costs grows with what is in use; so does what may go by until the
 * next one.
 * @param atLeast bytes that go by between two collections, or half of what is in use where that is more
 * @returns to be called with how many bytes went by
 */
export function collectEvery(
  atLeast: number,
  bytesInUse = () => process.memoryUsage().heapUsed,
): (gone: number) => void {
  let left = atLeast;
  return (gone) => {
    left -= gone;
    if (left > 0) return;
    collectGarbage();
    left = Math.max(atLeast, bytesInUse() / 2);
  };
}
