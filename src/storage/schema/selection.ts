import type { CollectionSchema, IndexSchema, Row } from './collection-schema.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { Scope } from './scope.ts'
import type { Value } from './values.ts'
import { fits } from './values.ts'

/** A query as callers write it, without the row's type. */
export interface LooseQuery {
  readonly index: string
  readonly equals: Row
  readonly from?: string | number
  readonly to?: string | number
  readonly descending?: boolean
  readonly cursor?: string
  readonly limit?: number
}

/** Rows equal in some columns. */
export interface Match {
  readonly schema: CollectionSchema
  readonly index: IndexSchema
  /** Columns with the value that each must equal (null included), including the tenant of the scope. */
  readonly equals: readonly (readonly [string, Value])[]
}

/** A checked query: the rows of a match, in the order of `order`, after `after`. */
export interface Selection extends Match {
  /** The index columns that are not fixed; they order the rows, and a cursor holds their values. */
  readonly order: readonly string[]
  readonly from?: string | number
  readonly to?: string | number
  readonly descending: boolean
  readonly after?: readonly Value[]
  readonly limit: number
}

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 1000

/** Checks that `equals` names leading columns of the index, and adds the scope. */
export function selectMatch(
  schema: CollectionSchema,
  scope: Scope,
  query: Pick<LooseQuery, 'index' | 'equals'>,
): Match {
  const index = schema.indexes.get(query.index)
  if (index === undefined) throw new RangeError(`${schema.name} has no index ${query.index}`)
  requireVisible(schema, scope, index)
  const given = Object.entries(query.equals).filter(([, value]) => value !== undefined)
  const leading = index.columns.slice(0, given.length)
  const equals: (readonly [string, Value])[] =
    scope.kind === 'tenant' ? [['tenantId', scope.tenantId]] : []
  for (const name of leading) {
    const value = query.equals[name]
    if (value === undefined || !fits({ ...schema.columns.get(name)!, nullable: true }, value)) {
      throw new RangeError(
        `${schema.name}.${index.name}: equals must hold fitting values of its leading columns`,
      )
    }
    equals.push([name, value])
  }
  if (leading.length !== given.length) {
    throw new RangeError(`${schema.name}.${index.name}: equals names columns it does not have`)
  }
  return { schema, index, equals }
}

/** The match of a unique index, all of whose columns must be given. */
export function selectUnique(
  schema: CollectionSchema,
  scope: Scope,
  index: string,
  equals: Row,
): Match {
  const match = selectMatch(schema, scope, { index, equals })
  const tenants = scope.kind === 'tenant' ? 1 : 0
  if (!match.index.unique || match.equals.length !== match.index.columns.length + tenants) {
    throw new RangeError(`${schema.name}.${index}: getBy needs all columns of a unique index`)
  }
  return match
}

/** Checks a query; `undefined` if its cursor does not belong to this query. */
export function selectRows(
  schema: CollectionSchema,
  scope: Scope,
  query: LooseQuery,
): Selection | undefined {
  const match = selectMatch(schema, scope, query)
  const fixed = new Set(match.equals.map(([name]) => name))
  const order = match.index.order.filter((name) => !fixed.has(name))
  const descending = query.descending === true
  if (query.from !== undefined || query.to !== undefined) requireRange(match, order[0]!, query)
  const limit = Math.min(Math.max(1, Math.trunc(query.limit ?? LIMIT_DEFAULT)), LIMIT_MAX)
  const selection = {
    ...match,
    order,
    ...(query.from === undefined ? {} : { from: query.from }),
    ...(query.to === undefined ? {} : { to: query.to }),
    descending,
    limit,
  }
  if (query.cursor === undefined) return selection
  const after = decodeCursor(schema, match.index, descending, order, query.cursor)
  return after && { ...selection, after }
}

/** The page made of up to `limit + 1` rows; the extra row only shows that there are more. */
export function toPage(
  selection: Selection,
  rows: readonly Row[],
): { readonly rows: readonly Row[]; readonly nextCursor?: string } {
  if (rows.length <= selection.limit) return { rows }
  const shown = rows.slice(0, selection.limit)
  const last = shown.at(-1)!
  const values = selection.order.map((name) => last[name])
  return { rows: shown, nextCursor: encodeCursor(selection.index, selection.descending, values) }
}

function requireVisible(schema: CollectionSchema, scope: Scope, index: IndexSchema): void {
  if (scope.kind === 'across' && !index.acrossTenants) {
    throw new RangeError(`${schema.name}.${index.name} may only be queried within a tenant`)
  }
}

function requireRange(match: Match, name: string, query: LooseQuery): void {
  const { schema, index } = match
  const column = schema.columns.get(name)
  if (!index.columns.includes(name) || column === undefined) {
    throw new RangeError(`${schema.name}.${index.name} has no column left for a range`)
  }
  for (const bound of [query.from, query.to]) {
    if (bound !== undefined && !fits({ type: column.type }, bound)) {
      throw new RangeError(`${schema.name}.${name}: the range does not fit the column`)
    }
  }
}
