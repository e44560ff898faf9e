import type { Clock } from '../core/clock.ts'
import { REFUSALS } from '../core/refusal.ts'
import type { Live } from '../gate/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Rejection } from './http1/index.ts'

/**
 * Records of one listener within a second. Who sends junk pays nothing for it: without a bound he could fill the disk,
 * or crowd out of the queue what others did.
 */
const RECORDS_PER_SECOND_MAX = 100

/**
 * Writes down what a listener turns away by itself, which the gate never hears of. More than a hundred in a second are
 * dropped as traffic is for which there is no room: counted, and marked as a gap.
 *
 * @param target which listener it is.
 * @param live says whether requests are recorded at present.
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
    // Whoever only leaves has done nothing: load balancers probe like that, every second of the year.
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
