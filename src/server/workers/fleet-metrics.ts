import type { MetricsSnapshot } from '../../signals/index.ts'
import { mergeSnapshots } from '../../signals/index.ts'

/** The last known metrics of each worker, and the counts of those that are gone. */
export interface FleetMetrics {
  seen(worker: number, snapshot: MetricsSnapshot): void
  /** The worker is gone: its counts stay, its gauges go. */
  lost(worker: number): void
  all(): readonly MetricsSnapshot[]
}

/** Families that the primary alone can tell. */
const OF_PRIMARY = ['tollgate_config_', 'tollgate_ledger_']

/** Creates {@link FleetMetrics}. */
export function createFleetMetrics(): FleetMetrics {
  const living = new Map<number, MetricsSnapshot>()
  let retired: MetricsSnapshot = { families: [] }
  return {
    seen(worker, { families }) {
      const own = families.filter(
        ({ name }) => !OF_PRIMARY.some((prefix) => name.startsWith(prefix)),
      )
      living.set(worker, { families: own })
    },
    lost(worker) {
      const last = living.get(worker)
      living.delete(worker)
      if (last === undefined) return
      const counts = last.families.filter(({ type }) => type !== 'gauge')
      retired = mergeSnapshots([retired, { families: counts }])
    },
    all: () => [retired, ...living.values()],
  }
}
