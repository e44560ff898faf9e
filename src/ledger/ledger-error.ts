/**
 * Why a record could not be kept. `failed`: the disk refused; `closed`: the ledger was closed;
 * `too_large`: the record exceeds the bound of one line.
 */
export type LedgerErrorCode = 'failed' | 'closed' | 'too_large'

/** Thrown (as a rejection) when an acknowledged record cannot be kept: the act must be refused. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode

  constructor(code: LedgerErrorCode, message: string) {
    super(message)
    this.name = 'LedgerError'
    this.code = code
  }
}
