import type { Refusal } from '../core/refusal.ts'
import type { Details, Ledger } from '../ledger/index.ts'
import type { RequestTally } from '../signals/index.ts'
import type { Exchange } from './exchange.ts'

/** Where exits are written down. */
export interface RecordOptions {
  /** Absent when requests are not recorded. */
  readonly ledger: Pick<Ledger, 'record'> | undefined
  readonly tally: RequestTally
  /** Whether the audit log wants client addresses; working one out costs a system call. */
  readonly recordsAddresses: boolean
  readonly monotonicMs: () => number
  /** Counts a refusal toward a ban of the caller or the address. */
  readonly onRefusal: (exchange: Exchange, refusal: Refusal) => void
}

/** Writes down how an exchange ended; called once for each, at the exit. */
export type Recorder = (exchange: Exchange, status: number) => void

/** Creates the {@link Recorder}. It never throws and never waits. */
export function createRecorder(options: RecordOptions): Recorder {
  const { ledger, tally, recordsAddresses, monotonicMs, onRefusal } = options
  return (exchange, status) => {
    const { refusal, route, caller } = exchange
    const durationMs = monotonicMs() - exchange.startMs
    tally.add(route.tally, exchange.method, status, durationMs, exchange.at, refusal === undefined)
    if (refusal !== undefined) onRefusal(exchange, refusal)
    if (ledger === undefined || !route.audited) return
    const { id } = exchange
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
      method: exchange.method,
      path: exchange.path,
      requestId: id.head,
      requestIdTail: id.tail,
      address: recordsAddresses ? exchange.address : '',
      durationUs: Math.round(durationMs * 1000),
      details: detailsOf(exchange),
    })
  }
}

/** What the audit log may keep besides the fixed fields, if its configuration lists the names. */
function detailsOf(exchange: Exchange): Details | undefined {
  const { refusal, decision, route, at, rule } = exchange
  if (refusal === undefined) return decision === undefined ? undefined : { policy: decision }
  const layer = route.stages[at]?.name
  const reason = refusal.internal ?? rule
  return {
    ...(layer !== undefined && { layer }),
    ...(reason !== undefined && { rule: reason }),
    ...(decision !== undefined && { policy: decision }),
  }
}
