import { DataUnwritableError } from '../data-unwritable.ts'
import type { Change, CommitOutcome } from '../records.ts'
import type { Applier } from './apply.ts'
import { applyBatch } from './apply.ts'

/** The most changes in one transaction, unless a single batch has more; they block the event loop for 1 to 2 ms. */
const CHANGES_MAX = 128

interface Waiting {
  readonly changes: readonly Change[]
  resolve(outcome: CommitOutcome): void
  reject(error: unknown): void
}

type Settle = () => void

/**
 * Commits batches in groups: those that wait at the same time share one transaction and its fsync. A batch that fails
 * does not affect the others: one with several changes gets its own savepoint (which costs SQLite a copy of each page
 * it touches), and a single statement undoes itself.
 */
export class GroupCommit {
  readonly #applier: Applier
  #waiting: Waiting[] = []
  /** The index of the first batch that is not committed yet. */
  #next = 0
  #scheduled = false

  constructor(applier: Applier) {
    this.#applier = applier
  }

  /** Resolves once the batch is on disk, or has been refused as a whole. */
  async commit(changes: readonly Change[]): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject })
      this.#schedule()
    })
  }

  /** Commits all waiting batches now. */
  drain(): void {
    while (this.#waiting.length > 0) this.#commitGroup()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#waiting.length > 0) this.#commitGroup()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }

  /** Takes as many batches from the queue as fit into one transaction; at least one. */
  #takeGroup(): readonly Waiting[] {
    const from = this.#next
    let changes = this.#waiting[from]!.changes.length
    let to = from + 1
    while (to < this.#waiting.length) {
      changes += this.#waiting[to]!.changes.length
      if (changes > CHANGES_MAX) break
      to++
    }
    const group = this.#waiting.slice(from, to)
    this.#next = to
    if (to === this.#waiting.length) {
      this.#waiting = []
      this.#next = 0
    }
    return group
  }

  #commitGroup(): void {
    const { connection } = this.#applier
    const group = this.#takeGroup()
    try {
      connection.requireInPlace()
      connection.control('begin')
      const settles =
        group.length === 1
          ? [this.#applyAlone(group[0]!)]
          : group.map((waiting) => this.#applyAmongOthers(waiting))
      if (connection.inTransaction) connection.control('commit')
      for (const settle of settles) settle()
    } catch (error) {
      if (connection.inTransaction) connection.control('rollback')
      const reason = told(error)
      for (const waiting of group) waiting.reject(reason)
    }
  }

  /** Applies the only batch of a transaction, which is rolled back if the batch is refused. */
  #applyAlone(waiting: Waiting): Settle {
    const outcome = applyBatch(this.#applier, waiting.changes)
    if (!outcome.ok) this.#applier.connection.control('rollback')
    return () => waiting.resolve(outcome)
  }

  /** Applies one batch of several; an error that ended the whole transaction is thrown. */
  #applyAmongOthers(waiting: Waiting): Settle {
    const { connection } = this.#applier
    const isSaved = waiting.changes.length > 1
    if (isSaved) connection.control('save')
    try {
      const outcome = applyBatch(this.#applier, waiting.changes)
      if (isSaved && !outcome.ok) connection.control('undo')
      if (isSaved) connection.control('release')
      return () => waiting.resolve(outcome)
    } catch (error) {
      if (!connection.inTransaction) throw error
      if (isSaved) {
        connection.control('undo')
        connection.control('release')
      }
      return () => waiting.reject(told(error))
    }
  }
}

/** The disk is full, broken or read-only, which is not the fault of the change. */
const DISK = /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN)/

/** The error that callers get: a failure of the disk is distinguished from a programming error. */
function told(error: unknown): unknown {
  const isOfTheDisk = error instanceof Error && 'code' in error && DISK.test(String(error.code))
  return isOfTheDisk ? new DataUnwritableError(error.message, error) : error
}
