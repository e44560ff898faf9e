import type { Refusal } from '../core/refusal.ts'
import type { Ledger } from '../ledger/index.ts'
import type { GateMetrics } from '../signals/index.ts'
import { LAYER_OUTCOME } from '../signals/index.ts'
import type { Exchange } from './exchange.ts'
import { layerIndex } from './path.ts'
import type { StageName } from './stage.ts'

/** Where exits are written down. */
export interface RecordOptions {
  /** Absent when requests are not recorded. */
  readonly ledger: Pick<Ledger, 'record'> | undefined
  readonly metrics: GateMetrics
  /** Whether the audit log wants client addresses: finding one out costs a system call. */
  readonly recordsAddresses: boolean
  readonly monotonicMs: () => number
  /** Counts a refusal towards a ban of the caller or the address. */
  readonly onRefusal: (exchange: Exchange, refusal: Refusal) => void
}

/** Writes down how an exchange ended; called once for each, at the exit. */
export type Recorder = (exchange: Exchange, status: number, endedBy: StageName) => void

/** Creates the {@link Recorder}. It never throws and never waits. */
export function createRecorder(options: RecordOptions): Recorder {
  const { ledger, metrics, recordsAddresses, monotonicMs, onRefusal } = options
  return (exchange, status, endedBy) => {
    const { refusal, route, caller } = exchange
    const durationMs = monotonicMs() - exchange.startMs
    metrics.request(route.slot, exchange.request.method, status, durationMs * 1e6)
    for (const stage of route.stages) {
      if (stage.name === endedBy) break
      metrics.decision(layerIndex(stage.name), LAYER_OUTCOME.pass)
    }
    if (refusal === undefined) metrics.decision(layerIndex(endedBy), LAYER_OUTCOME.answer)
    else {
      metrics.decision(layerIndex(endedBy), LAYER_OUTCOME.refuse)
      onRefusal(exchange, refusal)
    }
    if (ledger === undefined || !route.audited) return
    ledger.record({
      timeMs: exchange.nowMs,
      tenantId: caller.tenantId,
      actorKind: caller.kind,
      actorId: caller.id,
      action: route.action,
      target: '',
      outcome: refusal === undefined ? 'allow' : refusal.code,
      status,
      route: route.template,
      method: exchange.request.method,
      path: exchange.path,
      requestId: exchange.requestId,
      address: recordsAddresses ? exchange.address : '',
      durationUs: Math.round(durationMs * 1000),
      details: undefined,
    })
  }
}
