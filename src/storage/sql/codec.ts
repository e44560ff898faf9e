import type { ColumnType } from '../records.ts'
import type { CollectionSchema, Row } from '../schema/collection-schema.ts'
import { jsonText } from '../schema/values.ts'

/** A value as the database driver accepts and returns it. */
export type SqlValue = string | number | boolean | Uint8Array | null

/** How a database stores column types for which it has no native type. */
export interface SqlTypes {
  /** Names of the column types in its schema language. */
  readonly names: Readonly<
    Record<
      ColumnType,
      'text' | 'bigint' | 'double precision' | 'boolean' | 'blob' | 'bytea' | 'jsonb'
    >
  >
  /** Whether booleans are stored as 0 and 1. */
  readonly numericBooleans: boolean
}

/** A column's value, already checked, as the driver accepts it. */
export function encodeValue(types: SqlTypes, type: ColumnType, value: unknown): SqlValue {
  if (value === null || value === undefined) return null
  if (type === 'json') return jsonText(value)
  if (typeof value === 'boolean') return types.numericBooleans ? Number(value) : value
  if (typeof value === 'string' || typeof value === 'number') return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`a ${type} column cannot hold ${typeof value}`)
}

/** Converts a row from the driver to the types that its columns declare. */
export function decodeRow(schema: CollectionSchema, found: Row): Row {
  const row: Record<string, unknown> = {}
  for (const [name, column] of schema.columns) {
    row[name] = decodeValue(column.type, found[name])
  }
  return row
}

function decodeValue(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (type === 'json') return typeof value === 'string' ? JSON.parse(value) : value
  if (type === 'boolean') return Boolean(value)
  if (type === 'integer' || type === 'real') return Number(value)
  return value
}
