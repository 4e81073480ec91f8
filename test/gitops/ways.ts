/** How a policy has running workloads get what is recommended, and what of a workload is its own to change for that. */
export interface Way {
  /** Part of a namespace's name. */
  readonly name: string;
  readonly updateStrategy: object;
  readonly pods: 'left alone' | 'resized' | 'replaced';
  /** Besides annotations of the workload: the instant of a restart in the template, or requests there. */
  readonly template: 'nothing' | 'restart' | 'requests';
}

const WEBHOOK = { strategy: 'webhook', allowInPlaceResize: false };

/** Those of the strategy webhook. */
export const WEBHOOK_WAYS: readonly Way[] = [
  {
    name: 'next-restart',
    updateStrategy: { ...WEBHOOK, rolloutStrategy: 'onNextRestart' },
    pods: 'left alone',
    template: 'nothing',
  },
  { name: 'in-place', updateStrategy: { strategy: 'webhook' }, pods: 'resized', template: 'nothing' },
  { name: 'eviction', updateStrategy: { ...WEBHOOK, allowRecreate: true }, pods: 'replaced', template: 'nothing' },
  {
    name: 'immediate',
    updateStrategy: { ...WEBHOOK, rolloutStrategy: 'immediate' },
    pods: 'replaced',
    template: 'restart',
  },
];

export const SSA: Way = { name: 'ssa', updateStrategy: { strategy: 'ssa' }, pods: 'replaced', template: 'requests' };
