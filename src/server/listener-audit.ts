import type { Clock } from '../core/clock.ts'
import { REFUSALS } from '../core/refusal.ts'
import type { Live } from '../gate/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Rejection } from './http1/index.ts'

/**
 * The most records of one listener per second. Sending junk costs nothing: without a bound, one client could fill the
 * disk, or crowd other records out of the queue.
 */
const RECORDS_PER_SECOND_MAX = 100

/**
 * Records in the audit log what a listener itself turns away, which the gate never sees. More than a hundred per second
 * are dropped like traffic for which there is no room: they are counted, and marked as a gap.
 *
 * @param target the listener's name.
 * @param live tells whether requests are currently recorded.
 */
export function auditRejections(
  target: 'gate' | 'admin',
  ledger: Pick<Ledger, 'record' | 'drop'>,
  live: Pick<Live, 'config'>,
  clock: Clock,
): (rejection: Rejection) => void {
  let untilMs = 0
  let left = 0
  const mayRecord = (): boolean => {
    const nowMs = clock.monotonicMs()
    if (nowMs >= untilMs) {
      untilMs = nowMs + 1000
      left = RECORDS_PER_SECOND_MAX
    }
    left -= 1
    return left >= 0
  }
  return ({ reason, code, address, requestId, isHandled }) => {
    // A client that only disconnects has done nothing wrong: load balancers probe like this all the time.
    const { traffic } = live.config().audit
    if (isHandled || reason === 'tls_abandoned' || !traffic.enabled) return
    if (!mayRecord()) return ledger.drop(1)
    ledger.record({
      timeMs: clock.nowMs(),
      tenantId: '',
      actorKind: 'anonymous',
      actorId: '',
      action: `listener.${reason}`,
      target,
      outcome: code,
      status: requestId === undefined ? 0 : REFUSALS[code].status,
      route: '',
      method: '',
      path: '',
      requestId: requestId ?? '',
      requestIdTail: '',
      address: traffic.address === 'full' ? address : '',
      durationUs: 0,
      details: undefined,
    })
  }
}
