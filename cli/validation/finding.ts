/** Something wrong in a file. */
export interface Finding {
  readonly file: string;
  /** From 1, as `column`. */
  readonly line: number;
  readonly column: number;
  /** Of the object; empty where the file does not let it be known. */
  readonly kind: string;
  readonly name: string;
  /** From the object's root; empty where a whole document cannot be read. */
  readonly path: string;
  /** As written; null where there is none. */
  readonly value: unknown;
  readonly message: string;
  /** The line of the file. */
  readonly text: string;
}
