import type { Statement as Prepared } from 'bun:sqlite'
import { Database } from 'bun:sqlite'
import { closeSync, fstatSync, openSync, statSync } from 'node:fs'
import { DataUnwritableError } from '../data-unwritable.ts'
import type { SqlValue } from '../sql/codec.ts'
import type { Execution } from '../sql/reads.ts'
import type { Statement } from '../sql/statement.ts'
import { bindValues } from '../sql/statement.ts'

type Row = Record<string, unknown>

/** The statements that begin and end transactions and the batches within them. */
const CONTROLS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  save: 'SAVEPOINT batch',
  undo: 'ROLLBACK TO batch',
  release: 'RELEASE batch',
} as const

/** One SQLite connection with its prepared statements. */
export class Connection {
  readonly database: Database
  readonly #path: string
  readonly #inode: number
  readonly #prepared = new Map<Statement, Prepared>()
  readonly #controls = new Map<keyof typeof CONTROLS, Prepared>()

  constructor(path: string) {
    const descriptor = openSync(path, 'a', 0o600)
    this.#inode = fstatSync(descriptor).ino
    closeSync(descriptor)
    this.#path = path
    this.database = new Database(path, { readwrite: true, create: false })
  }

  get inTransaction(): boolean {
    return this.database.inTransaction
  }

  /** Turns on WAL, and makes every commit reach the disk before it returns. */
  makeDurable(): void {
    this.database.run('PRAGMA journal_mode = WAL')
    this.database.run('PRAGMA synchronous = FULL')
  }

  /** Throws if commits would succeed but go to a file that can no longer be found by its path. */
  requireInPlace(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    if (found === undefined) throw new DataUnwritableError('its file was moved or removed')
    if (found.ino !== this.#inode) {
      throw new DataUnwritableError('another file has taken its place')
    }
  }

  all(execution: Execution): Row[] {
    return this.#statement(execution).all(...this.#bindings(execution)) as Row[]
  }

  first(execution: Execution): Row | undefined {
    return (this.#statement(execution).get(...this.#bindings(execution)) ?? undefined) as
      | Row
      | undefined
  }

  /** Returns how many rows changed. */
  run(execution: Execution): number {
    return this.#statement(execution).run(...this.#bindings(execution)).changes
  }

  control(what: keyof typeof CONTROLS): void {
    let prepared = this.#controls.get(what)
    if (prepared === undefined) {
      prepared = this.database.prepare(CONTROLS[what])
      this.#controls.set(what, prepared)
    }
    prepared.run()
  }

  close(): void {
    for (const statement of this.#prepared.values()) statement.finalize()
    for (const statement of this.#controls.values()) statement.finalize()
    this.database.close()
  }

  #statement({ statement }: Execution): Prepared {
    let prepared = this.#prepared.get(statement)
    if (prepared === undefined) {
      prepared = this.database.prepare(statement.sql)
      this.#prepared.set(statement, prepared)
    }
    return prepared
  }

  #bindings({ statement, values }: Execution): readonly SqlValue[] {
    return bindValues(statement, values)
  }
}
