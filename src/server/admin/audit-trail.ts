import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { AdminEntry, Ledger } from '../../ledger/index.ts'
import { LedgerError } from '../../ledger/index.ts'
import type { ChangeNote } from './operation.ts'
import type { Principal } from './principal.ts'

/** The facts of a change that are known before it is made. */
export interface ChangeFacts {
  readonly action: string
  readonly principal: Principal
  readonly tenantId: string | undefined
  readonly target: string | undefined
  readonly method: string
  readonly route: string
  readonly requestId: string
  readonly address: string
}

/** Writes one change into the ledger: its intent before, its outcome after. */
export interface ChangeRecord {
  /**
   * Records that the change is about to be made. A refusal means that the ledger cannot be written; nothing may be
   * changed then.
   */
  intend(): Promise<Refusal | undefined>
  /** Records the outcome of the change. A refusal means that the answer must not be sent. */
  settle(outcome: string, status: number, note?: ChangeNote): Promise<Refusal | undefined>
}

/**
 * Opens the record of a change. Nothing is acknowledged that is not in the ledger: the intent (outcome `pending`) is on
 * disk before anything changes, so that even a change that a crash separated from its outcome can be found. The outcome
 * is on disk before the answer is sent. Both carry the request id.
 */
export function recordChange(ledger: Pick<Ledger, 'append'>, facts: ChangeFacts): ChangeRecord {
  const entry = (outcome: string, note: ChangeNote = {}): AdminEntry => {
    const tenantId = note.tenantId ?? facts.tenantId
    const target = note.target ?? facts.target
    return {
      kind: 'admin',
      ...(tenantId !== undefined && { tenantId }),
      actor: { kind: facts.principal.kind, id: facts.principal.id },
      action: facts.action,
      ...(target !== undefined && { target }),
      outcome,
      method: facts.method,
      route: facts.route,
      requestId: facts.requestId,
      address: facts.address,
      ...(note.before !== undefined && { before: note.before }),
      ...(note.after !== undefined && { after: note.after }),
    }
  }
  const append = async (record: AdminEntry): Promise<Refusal | undefined> => {
    try {
      await ledger.append(record)
      return undefined
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error
      return refuse('unavailable', {
        detail: 'The audit log cannot be written, so nothing may be changed.',
        internal: `ledger ${error.code}: ${error.message}`,
      })
    }
  }
  return {
    intend: async () => append(entry('pending')),
    settle: async (outcome, status, note) => append({ ...entry(outcome, note), status }),
  }
}
