import { expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import type { LedgerState } from '../ledger/index.ts'
import { createLogger } from '../signals/index.ts'
import { watchLedger } from './watch-ledger.ts'

test('the log says when the audit log cannot be written, when it can be again, and what was lost', () => {
  let text = ''
  const sink = { write: (lines: string) => void (text += lines) }
  const logger = createLogger({ clock: createManualClock(), sink })
  const open: LedgerState = {
    status: 'open',
    reason: undefined,
    retentionFailure: undefined,
    seq: 1,
    queued: 0,
    dropped: 7,
    written: 1,
  }
  let state = open
  const look = watchLedger({ state: () => state }, logger)
  const said = (next: LedgerState): unknown[] => {
    state = next
    text = ''
    look()
    logger.flush()
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { level, msg, reason, dropped } = JSON.parse(line) as Record<string, unknown>
        return [level, msg, reason ?? dropped]
      })
  }
  expect(said(open)).toEqual([])
  const failed = { ...open, status: 'failed', reason: 'ENOSPC: no space left' } as const
  expect(said({ ...failed, dropped: 10 })).toEqual([
    [
      'error',
      'the audit log cannot be written: admin changes are refused',
      'ENOSPC: no space left',
    ],
    ['warn', 'audit records were dropped', 3],
  ])
  expect(said({ ...failed, dropped: 10 })).toEqual([])
  expect(said({ ...failed, dropped: 12 })).toEqual([['warn', 'audit records were dropped', 2]])
  expect(said({ ...open, dropped: 12 })).toEqual([
    ['info', 'the audit log is written again', undefined],
  ])
  const full = { ...open, dropped: 12, retentionFailure: 'EROFS: read-only file system' }
  expect(said(full)).toEqual([
    ['error', 'old audit records could not be dropped', 'EROFS: read-only file system'],
  ])
  expect(said(full)).toEqual([])
  expect(said({ ...full, retentionFailure: undefined })).toEqual([])
  expect(said({ ...open, status: 'closed', dropped: 12 })).toEqual([])
})
