import type { AccessTo } from 'optipod/kube';
import { journalUses } from 'optipod/lib/optipod';
import type { WorkloadContainer } from 'optipod/lib/usage';
import { createJournal } from '../journal/journal.js';
import type { Cluster } from '../cluster.js';
import type { MetricsProviders } from '../metrics/providers.js';
import type { MetricsProvider } from '../metrics/reading.js';
import type { Component, Logger } from '../runtime/index.js';
import { createUsageCollector, type UsageCollector } from './collector.js';
import { UsageDemand } from './demand.js';
import { UsageHistory } from './history.js';
import { keptKills } from './kept-kills.js';
import { keptCollector } from './kept.js';

type ProviderName = MetricsProvider['name'];

export interface UsageOptions {
  readonly providers: MetricsProviders;
  readonly cluster: Cluster;
  /** How long daily peaks of memory and OOM kills are remembered, in milliseconds. */
  readonly peakWindowMs: number;
  /** Access to the journal of a provider. */
  readonly journalAccess: (uses: ReturnType<typeof journalUses>) => AccessTo<ReturnType<typeof journalUses>>;
  /** The operator's own. */
  readonly namespace: string;
  readonly creator: string;
  readonly log: Logger;
  /** Called when a provider ceased to answer, or answers again. */
  readonly onChange: (provider: ProviderName) => void;
  /** A container was killed for want of memory that is remembered for it from now on. */
  readonly onKill: (of: WorkloadContainer) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Usage of all workloads, from every provider that is there. */
export interface UsageSources {
  readonly collectors: Partial<Readonly<Record<ProviderName, UsageCollector>>>;
  readonly histories: readonly UsageHistory[];
  /** What policies want to know. */
  readonly demand: UsageDemand;
  /** To be run; each by itself, so that a provider that hangs holds up no other. */
  readonly components: readonly Component[];
}

/** What kills are kept under, as readings are under their provider. */
const KILLS = 'oom-kills';

/** As long as the longest window that a policy may have, in seconds. */
const LEAST_KILLS_KEPT = 90 * 86_400;

/**
 * A collector for each provider; of one that cannot tell of the past, what it read is kept in the journal. OOM kills are kept
 * whatever the provider, and nobody says anything before those of former processes are known.
 */
export function createUsageSources(options: UsageOptions): UsageSources {
  const { providers, cluster, peakWindowMs, log, now } = options;
  const demand = new UsageDemand(cluster);
  const collectors: Partial<Record<ProviderName, UsageCollector>> = {};
  const histories: UsageHistory[] = [];
  const peakWindow = Math.ceil(peakWindowMs / 1000);
  const journalOf = (provider: string) =>
    createJournal({
      provider,
      access: options.journalAccess(journalUses(provider)),
      namespace: options.namespace,
      creator: options.creator,
      log,
    });
  const kills = keptKills({
    journal: journalOf(KILLS),
    retention: Math.max(LEAST_KILLS_KEPT, peakWindow),
    restore: (kept) => histories.forEach((history) => history.restoreKills(kept)),
    now,
  });
  const components: Component[] = [kills];

  for (const provider of Object.values(providers)) {
    const { name } = provider;
    const history = new UsageHistory({
      workloads: (namespace) =>
        cluster.workloads(namespace).map(({ kind, metadata }) => ({ kind, name: metadata.name })),
      peakWindow,
      onKill: (container, kill) => {
        if (kills.add(container, kill)) options.onKill(container);
      },
    });
    histories.push(history);
    const onTurn = (hasTurned: boolean) => {
      if (hasTurned) options.onChange(name);
    };
    const of = { provider, history, demand: () => demand.of(name), peakWindowMs, onTurn, now };
    if (provider.looksBack) {
      const collector = createUsageCollector(of);
      collectors[name] = collector;
      components.push(afterKills(collector));
      continue;
    }
    const collector = createUsageCollector({ ...of, keep: (usage) => kept.keep(usage) });
    const kept = keptCollector({ collector, journal: journalOf(name) });
    collectors[name] = collector;
    components.push(afterKills(kept));
  }
  for (const workloads of Object.values(cluster.caches.workloads)) {
    workloads.onEvent(({ type, object: { metadata } }) => {
      if (type === 'added') for (const history of histories) history.settle(metadata.namespace);
    });
  }

  /** Until then a policy would lower memory below what its containers were killed at. */
  function afterKills(component: Component): Component {
    return {
      name: component.name,
      async run(signal, context) {
        await kills.whenRestored(signal);
        if (!signal.aborted) await component.run(signal, context);
      },
    };
  }

  return { collectors, histories, demand, components };
}
