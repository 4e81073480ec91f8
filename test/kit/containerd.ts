import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.js';
import type { Start } from './control-plane.js';
import { CannotRun } from './errors.js';
import { findProgram } from './debian.js';
import { pauseImage } from './images.js';
import { podSubnet } from './network.js';
import { waitFor } from './wait.js';

export const runtimeEndpoint = 'unix:///run/containerd/containerd.sock';

/** The node's /run/containerd, seen from outside its mount namespace. */
export function importImage(ctr: string, clusterFolder: string, archive: string): Promise<unknown> {
  return ask(ctr, clusterFolder, '--namespace', 'k8s.io', 'images', 'import', archive);
}

function ask(ctr: string, clusterFolder: string, ...args: string[]): Promise<unknown> {
  return command(ctr, ['--address', join(clusterFolder, 'run', 'containerd.sock'), ...args]);
}

/** containerd in the node's namespaces, with CNI configured. */
export async function startContainerd(spec: {
  folder: string;
  start: Start;
  firstPid: number;
  path: string;
  ctr: string;
}): Promise<void> {
  const folder = join(spec.folder, 'containerd');
  const cni = join(folder, 'cni');
  mkdirSync(cni, { recursive: true });
  writeFileSync(join(cni, '10-optipod.conflist'), JSON.stringify(cniConfig(join(folder, 'addresses')), null, 2));
  const config = join(folder, 'config.toml');
  writeFileSync(config, containerdConfig(folder, cni));
  const containerd = await spec.start('containerd', ['--config', config], {
    inside: spec.firstPid,
    env: { PATH: spec.path },
  });
  await waitFor('containerd', async () => {
    containerd.assertRunning();
    await ask(spec.ctr, spec.folder, 'version');
    return true;
  });
}

function containerdConfig(folder: string, cni: string): string {
  const runc = findProgram('runc');
  if (runc === undefined) throw new CannotRun('runc is not installed: apt-get install runc.');
  return `version = 3
root = '${join(folder, 'root')}'
state = '/run/containerd'

[grpc]
  address = '/run/containerd/containerd.sock'

[plugins.'io.containerd.internal.v1.opt']
  path = '${join(folder, 'opt')}'

[plugins.'io.containerd.cri.v1.images']
  snapshotter = '${snapshotterFor(folder)}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'docker.io/${pauseImage}'

[plugins.'io.containerd.cri.v1.runtime']
  # Where CAP_SYS_RESOURCE is missing, as in many containers, no process may be protected more than this one is.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/usr/lib/cni']
  conf_dir = '${cni}'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '${runc}'
`;
}

/** An overlay cannot lie on an overlay, which is what a container's own root is. */
function snapshotterFor(folder: string): string {
  const overlay = 0x794c7630;
  return statfsSync(folder).type === overlay ? 'native' : 'overlayfs';
}

function cniConfig(addresses: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'optipod-kit',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        isDefaultGateway: true,
        hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: podSubnet }]], dataDir: addresses },
      },
    ],
  };
}
