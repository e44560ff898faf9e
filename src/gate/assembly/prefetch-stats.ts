import type { PrefetchStats } from '../../cache/index.ts'

/** What was fetched ahead, and the share of it that was then asked for; `null` before the first fetch. */
export interface PrefetchReport extends PrefetchStats {
  readonly hitRatio: number | null
}

/** Share of what was fetched ahead that was asked for. */
export const prefetchHitRatio = ({
  fetched,
  used,
}: Pick<PrefetchStats, 'fetched' | 'used'>): number | null =>
  fetched === 0 ? null : used / fetched

/** The sums of the counts of several prefetchers. */
export function addPrefetchStats(all: readonly PrefetchStats[]): PrefetchStats {
  const sum = (of: (stats: PrefetchStats) => number): number =>
    all.reduce((total, stats) => total + of(stats), 0)
  return {
    fetched: sum(({ fetched }) => fetched),
    used: sum(({ used }) => used),
    known: sum(({ known }) => known),
    pointless: sum(({ pointless }) => pointless),
    refused: sum(({ refused }) => refused),
    failed: sum(({ failed }) => failed),
    crowded: sum(({ crowded }) => crowded),
    callers: sum(({ callers }) => callers),
  }
}

/** What several processes fetched ahead; those that fetch nothing have no counts. */
export function reportPrefetches(all: readonly (PrefetchStats | undefined)[]): PrefetchReport {
  const sum = addPrefetchStats(all.filter((stats) => stats !== undefined))
  return { ...sum, hitRatio: prefetchHitRatio(sum) }
}
