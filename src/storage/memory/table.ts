import type { CollectionSchema, IndexSchema, Row } from '../schema/collection-schema.ts'
import type { Match, Selection } from '../schema/selection.ts'
import type { Value } from '../schema/values.ts'
import { compareValues } from '../schema/values.ts'
import { SortedRows } from './sorted-rows.ts'

/** The rows of one collection in memory, by key and in the order of every index. */
export class MemoryTable {
  readonly schema: CollectionSchema
  readonly #rows = new Map<string, Row>()
  readonly #sorted: ReadonlyMap<string, SortedRows>

  constructor(schema: CollectionSchema) {
    this.schema = schema
    this.#sorted = new Map(
      [...schema.indexes.values()].map((index) => [index.name, new SortedRows(index.order)]),
    )
  }

  get(tenantId: string | undefined, id: string): Row | undefined {
    return this.#rows.get(rowKey(tenantId, id))
  }

  /** The unique index that `row` would violate, `'id'` for its key, or `undefined`. */
  conflict(row: Row): IndexSchema | 'id' | undefined {
    if (this.#rows.has(keyOf(row))) return 'id'
    return this.uniqueConflict(row)
  }

  /** The unique index in which another row than `except` has the values of `row`. */
  uniqueConflict(row: Row, except?: Row): IndexSchema | undefined {
    for (const index of this.schema.indexes.values()) {
      if (!index.unique || index.columns.some((name) => row[name] === null)) continue
      const equals = uniqueColumns(this.schema, index).map((name) => [name, row[name]] as const)
      const holder = this.#matching({ schema: this.schema, index, equals }).next().value
      if (holder !== undefined && holder !== except) return index
    }
    return undefined
  }

  add(row: Row): void {
    this.#rows.set(keyOf(row), row)
    for (const sorted of this.#sorted.values()) sorted.insert(row)
  }

  remove(row: Row): void {
    this.#rows.delete(keyOf(row))
    for (const sorted of this.#sorted.values()) sorted.remove(row)
  }

  matching(match: Match): readonly Row[] {
    return [...this.#matching(match)]
  }

  /** Up to `limit + 1` rows of a selection. */
  select(selection: Selection): readonly Row[] {
    const rows: Row[] = []
    for (const row of this.#walk(selection)) {
      rows.push(row)
      if (rows.length > selection.limit) break
    }
    return rows
  }

  *#walk(selection: Selection): Generator<Row> {
    const { index, from, to, after, descending } = selection
    const prefix = sortedPrefix(selection)
    const ranged = from !== undefined || to !== undefined
    const first = descending ? to : from
    const last = descending ? from : to
    const sorted = this.#sorted.get(index.name)!
    const edge = after ? [...prefix, ...after] : first === undefined ? prefix : [...prefix, first]
    const rows = descending
      ? sorted.downwards(edge, after !== undefined)
      : sorted.upwards(edge, after !== undefined)
    for (const row of rows) {
      if (leadingOrder(row, index.order, prefix) !== 0) return
      const value = row[selection.order[0]!]
      if (last !== undefined && beyond(value, last, descending)) return
      if (ranged && value === null) continue
      if (first !== undefined && beyond(value, first, !descending)) continue
      if (holds(row, selection)) yield row
    }
  }

  *#matching(match: Match): Generator<Row> {
    const prefix = sortedPrefix(match)
    for (const row of this.#sorted.get(match.index.name)!.upwards(prefix, false)) {
      if (leadingOrder(row, match.index.order, prefix) !== 0) return
      if (holds(row, match)) yield row
    }
  }
}

function keyOf(row: Row): string {
  const { tenantId, id } = row
  return rowKey(typeof tenantId === 'string' ? tenantId : undefined, String(id))
}

function rowKey(tenantId: string | undefined, id: string): string {
  return tenantId === undefined ? id : `${tenantId.length}:${tenantId}${id}`
}

function uniqueColumns(schema: CollectionSchema, index: IndexSchema): readonly string[] {
  return schema.tenant && !index.acrossTenants ? ['tenantId', ...index.columns] : index.columns
}

/** The values of the leading order columns that the match fixes. */
function sortedPrefix(match: Match): readonly Value[] {
  const fixed = new Map(match.equals)
  const prefix: Value[] = []
  for (const name of match.index.order) {
    if (!fixed.has(name)) break
    prefix.push(fixed.get(name))
  }
  return prefix
}

function leadingOrder(row: Row, order: readonly string[], prefix: readonly Value[]): number {
  for (const [at, value] of prefix.entries()) {
    const compared = compareValues(row[order[at]!], value)
    if (compared !== 0) return compared
  }
  return 0
}

function beyond(value: Value, bound: string | number, descending: boolean): boolean {
  const order = compareValues(value, bound)
  return descending ? order < 0 : order > 0
}

function holds(row: Row, match: Match): boolean {
  return match.equals.every(([name, value]) => compareValues(row[name], value) === 0)
}
