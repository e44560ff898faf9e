import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../core/bytes.ts'
import type { CollectionSchema, IndexSchema } from './collection-schema.ts'
import type { Value } from './values.ts'
import { fits } from './values.ts'

const LENGTH_MAX = 4096

/** The opaque text that names the place in an index where the next page begins. */
export function encodeCursor(
  index: IndexSchema,
  descending: boolean,
  values: readonly Value[],
): string {
  const plain = values.map((value) => (value instanceof Uint8Array ? toBase64Url(value) : value))
  return toBase64Url(utf8(JSON.stringify([fingerprint(index, descending), ...plain])))
}

/**
 * The values that a cursor holds for `columns`, or `undefined` if it was not made for this index and direction, or was
 * tampered with. A forged cursor can only move within what the query may see.
 */
export function decodeCursor(
  schema: CollectionSchema,
  index: IndexSchema,
  descending: boolean,
  columns: readonly string[],
  cursor: string,
): readonly Value[] | undefined {
  if (cursor.length > LENGTH_MAX) return undefined
  const parts = parseArray(cursor)
  if (parts?.length !== columns.length + 1) return undefined
  if (parts[0] !== fingerprint(index, descending)) return undefined
  const values: Value[] = []
  for (const [at, name] of columns.entries()) {
    const column = schema.columns.get(name)!
    const part = parts[at + 1]
    const value =
      column.type === 'bytes' && typeof part === 'string' ? fromBase64Url(part) : part
    if (value === undefined || !fits(column, value)) return undefined
    values.push(value)
  }
  return values
}

function fingerprint(index: IndexSchema, descending: boolean): string {
  return `${descending ? '-' : '+'}${index.name}`
}

function parseArray(cursor: string): readonly unknown[] | undefined {
  const bytes = fromBase64Url(cursor)
  const text = bytes && fromUtf8(bytes)
  if (text === undefined) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
