/**
 * Has V8 give back now what was dropped, for the end of a piece of work that leaves much behind and does not soon come again. By
 * itself V8 lets its heap become half as large again first, from what it was the last time, and leaves out what buffers hold. It
 * stops the process meanwhile: some 50 ms for each 50 MB that are in use. Without `node --expose-gc` it does nothing.
 */
export function collectGarbage(): void {
  globalThis.gc?.();
}
