import type { Metrics } from './metrics.ts'

/** What the audit log reports about itself; the ledger's state has this shape. */
export interface LedgerReadings {
  readonly status: 'open' | 'failed' | 'closed'
  readonly queued: number
  readonly dropped: number
  readonly written: number
}

/** Declares the `tollgate_ledger_…` families, read at each scrape. */
export function declareLedgerMetrics(metrics: Metrics, read: () => LedgerReadings): void {
  const queued = metrics.gauge({
    name: 'tollgate_ledger_queued_records',
    help: 'Audit records that wait for the disk.',
  })
  const up = metrics.gauge({
    name: 'tollgate_ledger_up',
    help: 'Whether the audit log can be written.',
    merge: 'min',
  })
  const dropped = metrics.counter({
    name: 'tollgate_ledger_dropped_records_total',
    help: 'Audit records dropped; each gap is marked in the chain.',
  })
  const written = metrics.counter({
    name: 'tollgate_ledger_written_records_total',
    help: 'Audit records written.',
  })
  metrics.beforeSnapshot(() => {
    const state = read()
    queued.set(0, state.queued)
    up.set(0, state.status === 'open' ? 1 : 0)
    dropped.set(0, state.dropped)
    written.set(0, state.written)
  })
}
