import { type Namespaces, createNamespaces } from './namespaces.js';

/**
 * A run's own network: ports are fixed and never collide, and no packet can leave the machine, because no interface leads
 * out. It is not named in /run/netns: it lives as long as the first process of the run, and nothing has to delete it.
 */

/** The address of the bridge: what pods and the programs of a node call this machine. */
export const bridgeAddress = '10.77.0.1';
export const podSubnet = '10.77.0.0/24';

// The default route leads nowhere but to the bridge; without one, this side could not even try to reach a ClusterIP.
const script = `ip link set lo up
ip link add cni0 type bridge
ip addr add ${bridgeAddress}/24 dev cni0
ip link set cni0 up
ip route add default dev cni0
echo 1 > /proc/sys/net/ipv4/ip_forward
exec 9>>"$1"
flock --nonblock 9`;

/** Makes the namespaces of a run; `lockFile` stays locked as long as they live. With `outlivesUs` that is until they are ended. */
export function createNetwork(folder: string, lockFile: string, outlivesUs: boolean): Promise<Namespaces> {
  return createNamespaces({
    name: 'namespaces',
    flags: ['--net'],
    script,
    args: [lockFile],
    logFolder: folder,
    outlivesUs,
  });
}

/**
 * The command line that runs a command inside, in the working directory `cwd`. The shell in between waits for the command when
 * Ctrl-C interrupts both, so that what the command does about it is not cut short.
 */
export function inNetwork(firstPid: number, cwd: string, argv: readonly string[]): [string, ...string[]] {
  const shell = 'trap : INT TERM; cd "$1" && shift && "$@"; exit $?';
  const enter = ['--target', String(firstPid), '--pid', '--net', '--mount', '--no-fork'];
  return ['nsenter', ...enter, '--', 'sh', '-c', shell, 'sh', cwd, ...argv];
}
