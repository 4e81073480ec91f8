import type { WorkloadKind } from '../policy/index.js';

/** The longest name that Kubernetes gives an object. */
const LONGEST = 253;

/** The name of a workload's WorkloadRecommendation: `deployment-web`, or where that is too long, `deployment-` and a hash. */
export function recommendationName(kind: WorkloadKind, name: string): string {
  const plain = `${kind}-${name}`.toLowerCase();
  return plain.length <= LONGEST ? plain : `${kind.toLowerCase()}-${hash(name)}`;
}

/** FNV-1a of 64 bits, in hexadecimal: names of one namespace must differ, nobody attacks them. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, '0');
}
