/**
 * Why a record could not be kept. `failed`: the disk refused; `closed`: the ledger was closed; `too_large`: the record
 * exceeds the bound of a line.
 */
export type LedgerErrorCode = 'failed' | 'closed' | 'too_large'

/** Rejection of an append whose record cannot be kept: the act must be refused. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode

  constructor(code: LedgerErrorCode, message: string) {
    super(message)
    this.name = 'LedgerError'
    this.code = code
  }
}
