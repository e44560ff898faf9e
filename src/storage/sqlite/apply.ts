import type { Change, CommitOutcome } from '../records.ts'
import type { CollectionSchema } from '../schema/collection-schema.ts'
import { columnsToSet, rowToInsert } from '../schema/rows.ts'
import { changeScope, changeTenant } from '../schema/scope.ts'
import { selectMatch } from '../schema/selection.ts'
import { indexColumns } from '../sql/migrations.ts'
import type { Execution, Reads } from '../sql/reads.ts'
import type { Target, Writes } from '../sql/writes.ts'
import type { Connection } from './connection.ts'

type Failure = Extract<CommitOutcome, { ok: false }>

/** What applying changes needs. */
export interface Applier {
  readonly connection: Connection
  readonly reads: Reads
  readonly writes: Writes
  readonly nowMs: () => number
  schemaOf(collection: string): CollectionSchema
}

/** Applies a batch within the open transaction; on failure the caller rolls it back. */
export function applyBatch(applier: Applier, changes: readonly Change[]): CommitOutcome {
  for (const [at, change] of changes.entries()) {
    const failure = apply(applier, change, at)
    if (failure !== undefined) return failure
  }
  return { ok: true }
}

function apply(applier: Applier, change: Change, at: number): Failure | undefined {
  const schema = applier.schemaOf(change.collection)
  if (change.op === 'deleteWhere') {
    const match = selectMatch(schema, changeScope(schema, change.tenantId), change)
    applier.connection.run(applier.writes.deleteMatching(match))
    return undefined
  }
  if (change.op === 'insert') {
    const insert = applier.writes.insert(schema, rowToInsert(schema, change.row))
    return unlessDuplicate(schema, at, () => {
      applier.connection.run(insert)
      return undefined
    })
  }
  const target = targetOf(schema, change)
  if (change.op === 'delete') return changeOne(applier, target, applier.writes.delete(target), at)
  const update = applier.writes.update(target, columnsToSet(schema, change.set, applier.nowMs()))
  return unlessDuplicate(schema, at, () => changeOne(applier, target, update, at))
}

function targetOf(
  schema: CollectionSchema,
  change: Extract<Change, { op: 'update' | 'delete' }>,
): Target {
  const tenantId = changeTenant(schema, change.tenantId)
  const key = tenantId === undefined ? [change.id] : [tenantId, change.id]
  return { schema, key, ifVersion: change.ifVersion }
}

function changeOne(
  applier: Applier,
  target: Target,
  execution: Execution,
  at: number,
): Failure | undefined {
  if (applier.connection.run(execution) > 0) return undefined
  const { schema, key, ifVersion } = target
  const found = applier.connection.first(applier.reads.byKey(schema, key))
  const stale = ifVersion !== undefined && found !== undefined
  return { ok: false, reason: stale ? 'stale' : 'missing', change: at }
}

function unlessDuplicate(
  schema: CollectionSchema,
  at: number,
  run: () => Failure | undefined,
): Failure | undefined {
  try {
    return run()
  } catch (error) {
    const columns = violatedColumns(error)
    if (columns === undefined) throw error
    for (const index of schema.indexes.values()) {
      if (index.unique && indexColumns(schema, index).join() === columns.join()) {
        return { ok: false, reason: 'duplicate', change: at, index: index.name }
      }
    }
    return { ok: false, reason: 'duplicate', change: at }
  }
}

const VIOLATION = /^UNIQUE constraint failed: (.+)$/

/** The columns that SQLite names when a unique index or the key is violated. */
function violatedColumns(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error)) return undefined
  const columns = VIOLATION.exec(error.message)?.[1]
  return columns?.split(', ').map((column) => column.slice(column.indexOf('.') + 1))
}
