import type { MetricsSnapshot } from '../../signals/index.ts'
import { mergeSnapshots } from '../../signals/index.ts'

/** The last known metrics of each worker, and the counts of workers that have ended. */
export interface FleetMetrics {
  seen(worker: number, snapshot: MetricsSnapshot): void
  /** The worker has ended: its counts stay, its gauges are dropped. */
  lost(worker: number): void
  all(): readonly MetricsSnapshot[]
}

/** Metric families that only the primary knows. */
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
