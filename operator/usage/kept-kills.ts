import {
  decodeUsageRecord,
  encodeUsageRecord,
  type ContainerRecord,
  type RecordedOomKill,
  type WorkloadContainer,
} from 'optipod/lib/usage';
import type { Journal } from '../journal/journal.js';
import { pause, systemClock, type Clock, type Component, type Logger } from '../runtime/index.js';
import { KillMemory } from './kill-memory.js';
import { restoreKept } from './restore-kept.js';

export interface KeptKillsOptions {
  readonly journal: Journal;
  /** How long they are remembered, in seconds. */
  readonly retention: number;
  /** Takes what a former process saw. */
  readonly restore: (kills: readonly ContainerRecord[]) => void;
  readonly clock?: Clock;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Kills for want of memory, kept for the next process whatever the provider: they come from the status of pods, which nobody
 * can be asked for once the pod is gone. There is one record with all of them, which takes the place of the one before.
 */
export interface KeptKills extends Component {
  /** A container was killed. @returns whether that is news */
  add(of: WorkloadContainer, kill: RecordedOomKill): boolean;
  /** Resolves once it is known what former processes saw, or the signal is aborted. */
  whenRestored(signal: AbortSignal): Promise<void>;
}

/** Between two writes, however many containers are killed meanwhile: what a crash may lose. */
const WRITE_EVERY_MS = 60_000;

export function keptKills({ journal, retention, restore, clock = systemClock, now }: KeptKillsOptions): KeptKills {
  let memory = new KillMemory();
  /** The end of the last record, in seconds since 1970. */
  let keptTo = 0;
  let hasNews = false;
  let wake: () => void = () => undefined;
  let markRestored: () => void = () => undefined;
  const restored = new Promise<void>((resolve) => (markRestored = resolve));

  function add(of: WorkloadContainer, kill: RecordedOomKill): boolean {
    if (!memory.add(of, kill)) return false;
    // A clock that is wrong, a node's or this one's, makes nothing old.
    memory.forget(Math.min(kill.at, now() / 1000) - retention);
    hasNews = true;
    wake();
    return true;
  }

  async function restoreAll(signal: AbortSignal, log: Logger): Promise<void> {
    const kept: ContainerRecord[] = [];
    const take = (bytes: Uint8Array) => {
      const { to, containers } = decodeUsageRecord(bytes);
      kept.push(...containers);
      keptTo = Math.max(keptTo, to);
    };
    await restoreKept({ journal, take, signal, log, clock });
    const seen = memory.records;
    memory = new KillMemory();
    addAll(memory, kept);
    // What this process saw before is news as far as it was not kept.
    hasNews = addAll(memory, seen);
    restore(kept);
  }

  async function write(log: Logger): Promise<void> {
    hasNews = false;
    const to = Math.max(keptTo + 1, Math.floor(now() / 1000));
    try {
      const bytes = encodeUsageRecord({ kind: 'segment', from: 0, to, containers: memory.records });
      await journal.seal({ from: 0, to, bytes });
      keptTo = to;
    } catch (error) {
      hasNews = true;
      log.warn({ err: error }, 'OOM kills are not kept yet');
    }
  }

  function news(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
      if (hasNews) resolve();
    });
  }

  return {
    name: 'usage-oom-kills',
    add,

    whenRestored: (signal) => Promise.race([restored, aborted(signal)]),

    async run(signal, context) {
      const log = context.log.child({ component: 'usage-oom-kills' });
      await restoreAll(signal, log);
      if (signal.aborted) return;
      markRestored();
      const stopped = aborted(signal);
      const isStopped = () => signal.aborted;
      while (!isStopped()) {
        await Promise.race([news(), stopped]);
        if (hasNews) await write(log);
        await pause(clock, WRITE_EVERY_MS, signal);
      }
      // What came within the last pause.
      if (hasNews) await write(log);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** @returns whether anything of it is news */
function addAll(memory: KillMemory, records: readonly ContainerRecord[]): boolean {
  const news = records.flatMap(({ oomKills, series: _, peaks: __, ...of }) =>
    oomKills.filter((kill) => memory.add(of, kill)),
  );
  return news.length > 0;
}
