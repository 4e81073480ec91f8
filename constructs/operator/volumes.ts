import type { k8s } from 'cdk8s-plus-28';
import { FILES_FOLDER, type FileSource } from './files.js';
import type { Process } from './pods.js';
import { SETTINGS_FOLDER } from './settings.js';

/** Where a process has its settings and its files from. */
export function volumes({ name, props: { settings, files = {} } }: Process): Pick<k8s.PodSpec, 'volumes'> {
  const all = [
    ...(settings ? [{ name: 'settings', configMap: { name } }] : []),
    ...(Object.keys(files).length > 0 ? [filesVolume(files)] : []),
  ];
  return all.length === 0 ? {} : { volumes: all };
}

export function mounts({ props: { settings, files = {} } }: Process): Pick<k8s.Container, 'volumeMounts'> {
  const all = [
    ...(settings ? [{ name: 'settings', mountPath: SETTINGS_FOLDER, readOnly: true }] : []),
    ...(Object.keys(files).length > 0 ? [{ name: 'files', mountPath: FILES_FOLDER, readOnly: true }] : []),
  ];
  return all.length === 0 ? {} : { volumeMounts: all };
}

/** All files of a process, from wherever they are; as a volume they follow what they are made of. */
function filesVolume(files: Readonly<Record<string, FileSource>>): k8s.Volume {
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
