/** As environment of an operator that replaces pods at once, wherever its policies say so: tests cannot wait for its patience. */
export const IMPATIENT = {
  OPTIPOD_DISRUPT_SINGLE_REPLICA: 'true',
  OPTIPOD_DISRUPTION_COOLDOWN: '0s',
  OPTIPOD_POLICY_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_NAMESPACE_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_CLUSTER_DISRUPTIONS_PER_HOUR: '100000',
} as const;

/** The same as flags. */
export const IMPATIENT_FLAGS = [
  '--disrupt-single-replica',
  '--disruption-cooldown=0s',
  '--policy-disruptions-per-hour=100000',
  '--namespace-disruptions-per-hour=100000',
  '--cluster-disruptions-per-hour=100000',
] as const;
