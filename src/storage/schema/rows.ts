import type { CollectionSchema, Row } from './collection-schema.ts'
import { copyValue, fits } from './values.ts'

const KEPT_BY_ADAPTER: ReadonlySet<string> = new Set(['id', 'tenantId', 'version', 'createdAtMs'])

/**
 * The full row to insert: every column is present (null if a nullable one is missing), `version` 1, values copied. A
 * value that does not fit its column throws a TypeError that names it.
 */
export function rowToInsert(schema: CollectionSchema, given: Row): Row {
  for (const column of Object.keys(given)) {
    if (!schema.columns.has(column)) throw new TypeError(`${schema.name} has no column ${column}`)
  }
  const row: Record<string, unknown> = {}
  for (const [name, column] of schema.columns) {
    const value = name === 'version' ? 1 : (given[name] ?? null)
    if (!fits(column, value)) throw misfit(schema, name, column.type)
    row[name] = copyValue(column, value)
  }
  return row
}

/** The checked, copied columns of an update. `updatedAtMs` is set to `nowMs` unless it is named. */
export function columnsToSet(schema: CollectionSchema, set: Row, nowMs: number): Row {
  const checked: Record<string, unknown> = { updatedAtMs: nowMs }
  for (const [name, value] of Object.entries(set)) {
    const column = schema.columns.get(name)
    if (column === undefined) throw new TypeError(`${schema.name} has no column ${name}`)
    if (KEPT_BY_ADAPTER.has(name)) throw new TypeError(`${schema.name}.${name} cannot be updated`)
    const present = value ?? null
    if (!fits(column, present)) throw misfit(schema, name, column.type)
    checked[name] = copyValue(column, present)
  }
  return checked
}

function misfit(schema: CollectionSchema, name: string, type: string): TypeError {
  return new TypeError(`${schema.name}.${name}: the value is not ${type}`)
}
