import type { Clock } from '../../core/clock.ts'
import type { BaseRow, Change, CommitOutcome, Reader, Records } from '../records.ts'
import type { AnyCollection, Row } from '../schema/collection-schema.ts'
import { compileCollections } from '../schema/collection-schema.ts'
import { columnsToSet, rowToInsert } from '../schema/rows.ts'
import type { Scope } from '../schema/scope.ts'
import { changeScope, changeTenant, requireScope } from '../schema/scope.ts'
import { selectMatch, selectRows, selectUnique, toPage } from '../schema/selection.ts'
import { copyValue } from '../schema/values.ts'
import { MemoryTable } from './table.ts'

/** What {@link createMemoryRecords} needs. */
export interface MemoryRecordsOptions {
  readonly collections: readonly AnyCollection[]
  readonly clock: Pick<Clock, 'nowMs'>
}

type Undo = () => void
type Failure = Extract<CommitOutcome, { ok: false }>

/** {@link Records} in memory, for tests, demonstrations and gates that keep nothing. */
export function createMemoryRecords(options: MemoryRecordsOptions): Records {
  const tables = new Map(
    [...compileCollections(options.collections)].map(([name, schema]) => [
      name,
      new MemoryTable(schema),
    ]),
  )
  let open = true
  const table = (name: string): MemoryTable => {
    if (!open) throw new Error('the records are closed')
    const found = tables.get(name)
    if (found === undefined) throw new RangeError(`there is no collection ${name}`)
    return found
  }
  return {
    tenant: (tenantId, collection) => reader(table(collection.name), { kind: 'tenant', tenantId }),
    global: (collection) => reader(table(collection.name), { kind: 'global' }),
    across: (collection) => reader(table(collection.name), { kind: 'across' }),
    commit: async (changes) => commit(table, changes, options.clock.nowMs()),
    close: async () => {
      open = false
    },
  }
}

function reader<R extends BaseRow>(table: MemoryTable, scope: Scope): Reader<R> {
  const { schema } = table
  requireScope(schema, scope)
  const out = (row: Row | undefined): R | undefined => row && (handOut(table, row) as R)
  return {
    get: async (id) => out(table.get(scope.kind === 'tenant' ? scope.tenantId : undefined, id)),
    getBy: async (index, equals) => {
      return out(table.matching(selectUnique(schema, scope, index, equals))[0])
    },
    find: async (query) => {
      const selection = selectRows(schema, scope, query)
      if (selection === undefined) return { rows: [], badCursor: true }
      const page = toPage(selection, table.select(selection))
      return { ...page, rows: page.rows.map((row) => handOut(table, row) as R) }
    },
    count: async (query) => table.matching(selectMatch(schema, scope, query)).length,
  }
}

/** A row that is safe to give to callers: rows are immutable, but byte arrays cannot be frozen and are copied. */
function handOut(table: MemoryTable, row: Row): Row {
  const bytes = [...table.schema.columns].filter(([, column]) => column.type === 'bytes')
  if (bytes.length === 0) return row
  const copies = bytes.map(([name, column]) => [name, copyValue(column, row[name])] as const)
  return Object.freeze({ ...row, ...Object.fromEntries(copies) })
}

function commit(
  table: (name: string) => MemoryTable,
  changes: readonly Change[],
  nowMs: number,
): CommitOutcome {
  const undos: Undo[] = []
  let done = false
  try {
    for (const [at, change] of changes.entries()) {
      const failure = apply(table, change, at, nowMs, undos)
      if (failure !== undefined) return failure
    }
    done = true
    return { ok: true }
  } finally {
    if (!done) for (const undo of undos.reverse()) undo()
  }
}

function apply(
  table: (name: string) => MemoryTable,
  change: Change,
  at: number,
  nowMs: number,
  undos: Undo[],
): Failure | undefined {
  if (change.op === 'insert') {
    const target = table(change.collection)
    return insert(target, rowToInsert(target.schema, change.row), at, undos)
  }
  const target = table(change.collection)
  const { schema } = target
  if (change.op === 'deleteWhere') {
    const match = selectMatch(schema, changeScope(schema, change.tenantId), change)
    for (const row of target.matching(match)) remove(target, row, undos)
    return undefined
  }
  const set = change.op === 'update' ? columnsToSet(schema, change.set, nowMs) : {}
  const row = target.get(changeTenant(schema, change.tenantId), change.id)
  if (row === undefined) return { ok: false, reason: 'missing', change: at }
  if (change.ifVersion !== undefined && change.ifVersion !== row['version']) {
    return { ok: false, reason: 'stale', change: at }
  }
  if (change.op === 'delete') {
    remove(target, row, undos)
    return undefined
  }
  const next = Object.freeze({ ...row, ...set, version: Number(row['version']) + 1 })
  const conflict = target.uniqueConflict(next, row)
  if (conflict !== undefined) {
    return { ok: false, reason: 'duplicate', change: at, index: conflict.name }
  }
  remove(target, row, undos)
  add(target, next, undos)
  return undefined
}

function insert(target: MemoryTable, row: Row, at: number, undos: Undo[]): Failure | undefined {
  const conflict = target.conflict(row)
  if (conflict !== undefined) {
    const failure = { ok: false, reason: 'duplicate', change: at } as const
    return conflict === 'id' ? failure : { ...failure, index: conflict.name }
  }
  add(target, Object.freeze(row), undos)
  return undefined
}

function add(target: MemoryTable, row: Row, undos: Undo[]): void {
  target.add(row)
  undos.push(() => target.remove(row))
}

function remove(target: MemoryTable, row: Row, undos: Undo[]): void {
  target.remove(row)
  undos.push(() => target.add(row))
}
