import type { Ledger } from '../ledger/index.ts'
import type { Logger } from '../signals/index.ts'

/**
 * Logs the state of the audit log: that it cannot be written, that it can be again, how many records were dropped, and
 * that old ones stay because they cannot be dropped. The audit log cannot record this itself.
 *
 * @returns the check, to be called about every second.
 */
export function watchLedger(ledger: Pick<Ledger, 'state'>, logger: Logger): () => void {
  let before = ledger.state()
  return () => {
    const { status, reason, dropped, retentionFailure } = ledger.state()
    const lost = dropped - before.dropped
    if (status === 'failed' && before.status !== 'failed') {
      logger.error('the audit log cannot be written: admin changes are refused', { reason })
    } else if (status === 'open' && before.status === 'failed') {
      logger.info('the audit log is written again')
    }
    if (lost > 0) logger.warn('audit records were dropped', { dropped: lost })
    if (retentionFailure !== undefined && retentionFailure !== before.retentionFailure) {
      logger.error('old audit records could not be dropped', { reason: retentionFailure })
    }
    before = { ...before, status, dropped, retentionFailure }
  }
}
