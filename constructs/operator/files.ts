import type { k8s } from 'cdk8s-plus-28';

/** A key of a Secret or of a ConfigMap in the operator's namespace. */
export type FileSource =
  { readonly secret: string; readonly key: string } | { readonly configMap: string; readonly key: string };

/** Where a process finds its files. */
export const FILES_FOLDER = '/etc/operator-files';

export function filePath(name: string): string {
  return `${FILES_FOLDER}/${name}`;
}

/** All files of a process, from wherever they are; as a volume they follow what they are made of. */
export function filesVolume(files: Readonly<Record<string, FileSource>>): k8s.Volume {
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: 'files',
    projected: {
      sources: sorted.map(([path, source]) => {
        const items = [{ key: source.key, path }];
        return 'secret' in source
          ? { secret: { name: source.secret, items } }
          : { configMap: { name: source.configMap, items } };
      }),
    },
  };
}
