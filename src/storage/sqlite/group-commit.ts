import type { Change, CommitOutcome } from '../records.ts'
import type { Applier } from './apply.ts'
import { applyBatch } from './apply.ts'

/** Batches at most in one transaction, so that the event loop is not held for long. */
const GROUP_MAX = 512

interface Waiting {
  readonly changes: readonly Change[]
  resolve(outcome: CommitOutcome): void
  reject(error: unknown): void
}

type Settle = () => void

/**
 * Commits batches in groups: those that wait at the same time share one transaction and its fsync.
 * Each has a savepoint of its own, so that one that fails does not touch the others.
 */
export class GroupCommit {
  readonly #applier: Applier
  #waiting: Waiting[] = []
  #scheduled = false

  constructor(applier: Applier) {
    this.#applier = applier
  }

  /** Resolves once the batch is on disk, or was refused as a whole. */
  async commit(changes: readonly Change[]): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject })
      this.#schedule()
    })
  }

  /** Commits what waits, now. */
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

  #commitGroup(): void {
    const { database } = this.#applier.connection
    const group = this.#waiting.slice(0, GROUP_MAX)
    this.#waiting = this.#waiting.slice(GROUP_MAX)
    try {
      database.run('BEGIN IMMEDIATE')
      const settles = group.map((waiting) => this.#apply(waiting))
      database.run('COMMIT')
      for (const settle of settles) settle()
    } catch (error) {
      if (database.inTransaction) database.run('ROLLBACK')
      for (const waiting of group) waiting.reject(error)
    }
  }

  /** Applies one batch; an error that ended the whole transaction is thrown on. */
  #apply(waiting: Waiting): Settle {
    const { database } = this.#applier.connection
    database.run('SAVEPOINT batch')
    try {
      const outcome = applyBatch(this.#applier, waiting.changes)
      if (!outcome.ok) database.run('ROLLBACK TO batch')
      database.run('RELEASE batch')
      return () => waiting.resolve(outcome)
    } catch (error) {
      if (!database.inTransaction) throw error
      database.run('ROLLBACK TO batch')
      database.run('RELEASE batch')
      return () => waiting.reject(error)
    }
  }
}
