/** A key of a Secret or of a ConfigMap in the operator's namespace. */
export type FileSource =
  { readonly secret: string; readonly key: string } | { readonly configMap: string; readonly key: string };

/** Where a process finds its files. */
export const FILES_FOLDER = '/etc/operator-files';

export function filePath(name: string): string {
  return `${FILES_FOLDER}/${name}`;
}
